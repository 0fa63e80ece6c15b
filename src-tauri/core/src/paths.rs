//! Where things live on this computer.
