//! Whole journeys of design.md 2 that need no window, from the outside: J8, J10, J11. Those with windows are in
//! `app/journeys`; J9 is in `doctor`.

mod reset;
