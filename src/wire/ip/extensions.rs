//! The extension headers of IPv6 (RFC 8200 section 4).

use etherparse::ip_number::{IPV6_DEST_OPTIONS, IPV6_FRAG, IPV6_HOP_BY_HOP, IPV6_ROUTE};
use etherparse::{IpNumber, Ipv6FragmentHeaderSlice, Ipv6RawExtHeaderSlice};

use crate::wire::WireError;

/// Skips the extension headers. Returns what follows, and its number.
#[inline]
pub(super) fn skip(mut number: IpNumber, mut rest: &[u8]) -> Result<(IpNumber, &[u8]), WireError> {
    let mut is_first = true;
    while is_extension(number) {
        let ends = WireError::ExtensionHeader(number.0);
        let extension = Extension::split(number, rest).ok_or(ends)?;
        let goes_on = match number {
            IPV6_FRAG if extension.is_fragment => return Err(WireError::Fragment),
            IPV6_FRAG => true,
            IPV6_HOP_BY_HOP => is_first && may_skip_options(extension.body),
            IPV6_DEST_OPTIONS => may_skip_options(extension.body),
            // A route of an unknown type is passed over at its end: no segments are left.
            _ => matches!(*extension.body, [_type, 0, ..]),
        };
        if !goes_on {
            return Err(ends);
        }
        (number, rest, is_first) = (extension.next, extension.rest, false);
    }
    Ok((number, rest))
}

/// Skips the extension headers of a quoted packet, which its sender has not received.
pub(super) fn skip_quoted(mut number: IpNumber, mut rest: &[u8]) -> Result<(IpNumber, &[u8]), WireError> {
    while is_extension(number) {
        let extension = Extension::split(number, rest).ok_or(WireError::QuoteTruncated)?;
        if extension.is_later_fragment {
            return Err(WireError::QuoteFragment);
        }
        (number, rest) = (extension.next, extension.rest);
    }
    Ok((number, rest))
}

#[inline]
const fn is_extension(number: IpNumber) -> bool {
    matches!(number, IPV6_HOP_BY_HOP | IPV6_DEST_OPTIONS | IPV6_ROUTE | IPV6_FRAG)
}

/// An extension header.
struct Extension<'a> {
    next: IpNumber,
    /// The header without the number of the next one and its own length.
    body: &'a [u8],
    is_fragment: bool,
    is_later_fragment: bool,
    rest: &'a [u8],
}

impl Extension<'_> {
    /// Splits the header of this number from what follows it.
    fn split(number: IpNumber, bytes: &[u8]) -> Option<Extension<'_>> {
        if number == IPV6_FRAG {
            let header = Ipv6FragmentHeaderSlice::from_slice(bytes).ok()?;
            return Some(Extension {
                next: header.next_header(),
                body: &[],
                is_fragment: header.is_fragmenting_payload(),
                is_later_fragment: header.fragment_offset().value() != 0,
                rest: bytes.get(header.slice().len()..)?,
            });
        }
        let header = Ipv6RawExtHeaderSlice::from_slice(bytes).ok()?;
        Some(Extension {
            next: header.next_header(),
            body: header.slice().get(2..)?,
            is_fragment: false,
            is_later_fragment: false,
            rest: bytes.get(header.slice().len()..)?,
        })
    }
}

/// Whether all options of a header may be skipped by a host that knows none of them. The two highest bits of an
/// option's type say so (RFC 8200 section 4.2).
fn may_skip_options(mut options: &[u8]) -> bool {
    loop {
        options = match *options {
            [] => return true,
            [0, ref rest @ ..] => rest,
            [0x40..=0xff, ..] | [_] => return false,
            [_, length, ref rest @ ..] => match rest.get(length.into()..) {
                Some(rest) => rest,
                None => return false,
            },
        };
    }
}
