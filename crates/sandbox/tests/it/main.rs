//! The sandbox over real sockets: what its parts promise, and that each scripted fault is the fault it names.

mod application;
mod behaviours;
mod flow;
mod mailbox;
mod pages;
mod world;
