//! Whole journeys of design.md 2 that need no window, from the outside: J8, J10, J11. Those with windows are in
//! `app/journeys`, `app/survival` (J10) and `app/reset` (J11).

mod headless;
mod power_loss;
mod reset;
pub(crate) mod rotating;
pub(crate) mod survival;
