//! The real `jean-bridge stdio` between real bridges and apps that start it (design.md 5; clients.md 5; protocol.md 8).

mod app_start;
mod calls;
mod claude_desktop;
mod faults;
mod input;
mod person;
mod sdks;
mod world;
