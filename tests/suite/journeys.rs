//! Whole journeys of design.md 2 that need no window, from the outside: J8, J10, J11. Those with windows are in
//! `app/journeys`, J10's part with windows in `app/survival`.

mod headless;
mod power_loss;
mod reset;
pub(crate) mod rotating;
mod survival;
