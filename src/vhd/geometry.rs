//! Disk geometry: the legacy cylinders/heads/sectors figure in the footer.

use std::fmt;

use super::format::RawGeometry;

/// Cylinders, heads and sectors per track.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Geometry {
    /// Cylinders.
    pub cylinders: u16,
    /// Heads.
    pub heads: u8,
    /// Sectors per track.
    pub sectors: u8,
}

impl Geometry {
    /// The geometry that `vhd-util` gives a disk of `size` bytes (appendix "CHS calculation" of the specification).
    ///
    /// The sector count is cut to 32 bits first, as the field's real writers do: a disk of exactly 2 TiB gets 0/4/17.
    #[must_use]
    pub fn of_size(size: u64) -> Self {
        const LARGEST: u32 = 65_535 * 16 * 255;
        let sectors = u32::try_from(size.div_ceil(512) & u64::from(u32::MAX)).unwrap_or(u32::MAX);
        let total = if size == 0 { 1 } else { sectors }.min(LARGEST);
        let (per_track, heads, tracks) = if total >= 65_535 * 16 * 63 {
            (255, 16, total / 255)
        } else {
            let tracks = total / 17;
            let heads = tracks.div_ceil(1024).max(4);
            if tracks < heads * 1024 && heads <= 16 {
                (17, heads, tracks)
            } else if total / 31 < 16 * 1024 {
                (31, 16, total / 31)
            } else {
                (63, 16, total / 63)
            }
        };
        let narrow = |v: u32| u8::try_from(v).unwrap_or(u8::MAX);
        Self {
            cylinders: u16::try_from(tracks / heads).unwrap_or(u16::MAX),
            heads: narrow(heads),
            sectors: narrow(per_track),
        }
    }

    /// The four bytes as one number, the way `vhd-util check` compares geometries.
    #[must_use]
    pub fn as_u32(self) -> u32 {
        u32::from(self.cylinders) << 16 | u32::from(self.heads) << 8 | u32::from(self.sectors)
    }

    /// Bytes that the geometry addresses.
    #[must_use]
    pub fn bytes(self) -> u64 {
        u64::from(self.cylinders) * u64::from(self.heads) * u64::from(self.sectors) * 512
    }
}

impl fmt::Display for Geometry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.cylinders, self.heads, self.sectors)
    }
}

impl From<RawGeometry> for Geometry {
    fn from(raw: RawGeometry) -> Self {
        Self { cylinders: raw.cylinders.get(), heads: raw.heads, sectors: raw.sectors }
    }
}

impl From<Geometry> for RawGeometry {
    fn from(g: Geometry) -> Self {
        Self { cylinders: g.cylinders.into(), heads: g.heads, sectors: g.sectors }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_rule_of_the_specification() {
        let shown = |mib: u64| Geometry::of_size(mib << 20).to_string();
        assert_eq!(shown(8), "240/4/17");
        assert_eq!(shown(0), "0/4/17");
        assert_eq!(shown(8 * 1024), "16644/16/63");
        assert_eq!(shown(2 * 1024 * 1024), "0/4/17");
        assert_eq!(shown(2040 * 1024), "65535/16/255");
    }
}
