//! The plugins of the control domain: every function, what it answers and how it fails; and, where the sources of os-xenapi
//! are at hand, that its own plugins answer the same.

mod agent;
mod bandwidth;
mod case;
mod changes;
mod console;
mod hostile;
mod join;
mod network;
mod netwrap;
mod stage;
mod xenhost;
mod xenstore;
mod xenstored;
