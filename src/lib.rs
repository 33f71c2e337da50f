//! vhd-porter moves VHD images and chains in and out of storage repositories (SRs) of XenServer and XCP-ng.
//!
//! The library is what its three programs share: `vhd-porter` for admins, `vhd-porter-plugin` for xapi, and `vhd-util`.
//! Dependencies point one way, and a test keeps it so:
//!
//! ```text
//! plugins, main ─▶ cli, host ─▶ status ─▶ pipeline ─▶ transport, sr, tool ─▶ http, stream, vhd, config ─▶ wire, os
//!                       ├────▶ log ─▶ wire
//!                       └────▶ xenapi, boot, block, iso, dom0 ──────▶ http, sr, config ─▶ wire, os
//!           cli ─▶ doctor ─▶ xenapi, sr, tool, http
//!               └▶ setup ────────────────────────────────────────────────────────────────▶ os
//!      vhd-util ─▶ vhd_util ─────────────────────────────────────────────────────────▶ vhd ─▶ os
//! ```
//!
//! Start reading at [`pipeline`].

pub mod block;
pub mod boot;
pub mod cli;
pub mod config;
pub mod doctor;
pub mod dom0;
pub mod host;
pub mod http;
pub mod iso;
pub mod log;
pub mod os;
pub mod pipeline;
pub mod setup;
pub mod sr;
pub mod status;
pub mod stream;
pub mod tool;
pub mod transport;
pub mod vhd;
pub mod vhd_util;
pub mod wire;
pub mod xenapi;
