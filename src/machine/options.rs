//! The options of a segment (RFC 9293 section 3.2, RFC 7323): typed values, not wire bytes.

/// The TCP options of a segment that matter for the life of a connection (RFC 9293 section 3.2, RFC 7323).
///
/// The default has no options. All other options (no-operation, SACK blocks, options of other protocols) are left to
/// the wire parser.
///
/// ```
/// use tcp_lifecycle::Options;
///
/// let options = Options::default().with_mss(1460).with_timestamps(7, 0);
/// assert_eq!(options.mss(), Some(1460));
/// assert_eq!(options.timestamps(), Some((7, 0)));
/// assert_eq!(options.window_scale(), None);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(C)]
pub struct Options {
    // A number is zero if its option is absent, so that equal options compare equal.
    ts_value: u32,
    ts_echo: u32,
    mss: u16,
    window_scale: u8,
    present: u8,
}

const MSS: u8 = 1;
const WINDOW_SCALE: u8 = 2;
const SACK_PERMITTED: u8 = 4;
const TIMESTAMPS: u8 = 8;

impl Options {
    /// No options.
    pub const NONE: Options = Options { ts_value: 0, ts_echo: 0, mss: 0, window_scale: 0, present: 0 };

    /// Adds the maximum segment size option: the most payload bytes that the sender of the option accepts in a segment.
    #[inline]
    #[must_use]
    pub const fn with_mss(self, mss: u16) -> Options {
        Options { mss, present: self.present | MSS, ..self }
    }

    /// Adds the window scale option (RFC 7323 section 2), with the shift count as on the wire.
    #[inline]
    #[must_use]
    pub const fn with_window_scale(self, shift: u8) -> Options {
        Options { window_scale: shift, present: self.present | WINDOW_SCALE, ..self }
    }

    /// Adds the SACK-permitted option (RFC 2018 section 2).
    #[inline]
    #[must_use]
    pub const fn with_sack_permitted(self) -> Options {
        Options { present: self.present | SACK_PERMITTED, ..self }
    }

    /// Adds the timestamps option (RFC 7323 section 3): `value` is TSval, `echo` is TSecr.
    #[inline]
    #[must_use]
    pub const fn with_timestamps(self, value: u32, echo: u32) -> Options {
        Options { ts_value: value, ts_echo: echo, present: self.present | TIMESTAMPS, ..self }
    }

    /// Returns the length of these options in the header, in bytes, padded to a multiple of four. A segment has this
    /// much less room for payload.
    ///
    /// ```
    /// use tcp_lifecycle::Options;
    ///
    /// assert_eq!(Options::default().wire_len(), 0);
    /// assert_eq!(Options::default().with_timestamps(7, 0).wire_len(), 12);
    /// ```
    #[must_use]
    pub const fn wire_len(&self) -> usize {
        // The lengths include kind and length: RFC 9293 3.2, RFC 7323 2.2 and 3.2, RFC 2018 section 2.
        const LENGTHS: [(u8, usize); 4] = [(MSS, 4), (WINDOW_SCALE, 3), (SACK_PERMITTED, 2), (TIMESTAMPS, 10)];
        let [mss, scale, sack, timestamps] = LENGTHS;
        self.len_of(mss)
            .wrapping_add(self.len_of(scale))
            .wrapping_add(self.len_of(sack))
            .wrapping_add(self.len_of(timestamps))
            .wrapping_add(3)
            & !3
    }

    const fn len_of(&self, (option, len): (u8, usize)) -> usize {
        if self.present & option != 0 { len } else { 0 }
    }

    /// Returns the maximum segment size option, in bytes of payload.
    #[inline]
    #[must_use]
    pub const fn mss(&self) -> Option<u16> {
        if self.present & MSS != 0 { Some(self.mss) } else { None }
    }

    /// Returns the shift count of the window scale option, as on the wire.
    #[inline]
    #[must_use]
    pub const fn window_scale(&self) -> Option<u8> {
        if self.present & WINDOW_SCALE != 0 { Some(self.window_scale) } else { None }
    }

    /// Returns whether the SACK-permitted option is present.
    #[inline]
    #[must_use]
    pub const fn sack_permitted(&self) -> bool {
        self.present & SACK_PERMITTED != 0
    }

    /// Returns TSval and TSecr of the timestamps option.
    #[inline]
    #[must_use]
    pub const fn timestamps(&self) -> Option<(u32, u32)> {
        if self.present & TIMESTAMPS != 0 { Some((self.ts_value, self.ts_echo)) } else { None }
    }
}

/// The options as they are serialised and logged.
#[cfg(any(feature = "serde", feature = "defmt"))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename = "Options"))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
struct Plain {
    mss: Option<u16>,
    window_scale: Option<u8>,
    sack_permitted: bool,
    timestamps: Option<(u32, u32)>,
}

#[cfg(any(feature = "serde", feature = "defmt"))]
impl Options {
    const fn plain(&self) -> Plain {
        Plain {
            mss: self.mss(),
            window_scale: self.window_scale(),
            sack_permitted: self.sack_permitted(),
            timestamps: self.timestamps(),
        }
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Options {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.plain().serialize(serializer)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Options {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Options, D::Error> {
        let plain = Plain::deserialize(deserializer)?;
        let mut options = plain.mss.map_or(Options::NONE, |mss| Options::NONE.with_mss(mss));
        if let Some(shift) = plain.window_scale {
            options = options.with_window_scale(shift);
        }
        if plain.sack_permitted {
            options = options.with_sack_permitted();
        }
        if let Some((value, echo)) = plain.timestamps {
            options = options.with_timestamps(value, echo);
        }
        Ok(options)
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Options {
    fn format(&self, f: defmt::Formatter<'_>) {
        self.plain().format(f);
    }
}
