//! Links into the RFCs.

/// Returns the address of the section that a citation names, such as `RFC 9293 section 3.10.7.4, first`; `None` if it
/// names no RFC.
///
/// ```
/// use tcp_lifecycle_web::citation::link;
///
/// let section = "https://www.rfc-editor.org/rfc/rfc9293#section-3.10.7.4";
/// assert_eq!(link("RFC 9293 section 3.10.7.4, first").as_deref(), Some(section));
/// ```
#[must_use]
pub fn link(citation: &str) -> Option<String> {
    let rest = citation.strip_prefix("RFC ")?;
    let (number, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let section = rest.strip_prefix("section ").map(|section| section.split([',', ' ']).next().unwrap_or_default());
    let anchor = section.map(|section| format!("#section-{section}")).unwrap_or_default();
    Some(format!("https://www.rfc-editor.org/rfc/rfc{number}{anchor}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_citation_leads_to_its_section() {
        assert_eq!(
            link("RFC 1337 section 3, fix F1").as_deref(),
            Some("https://www.rfc-editor.org/rfc/rfc1337#section-3")
        );
        assert_eq!(link("RFC 5961").as_deref(), Some("https://www.rfc-editor.org/rfc/rfc5961"));
        assert_eq!(link("decision D3"), None);
        assert_eq!(link("RFC x section 1"), None);
    }
}
