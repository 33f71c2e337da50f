//! Images of a real Glance become VDIs.
