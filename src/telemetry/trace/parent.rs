//! The caller's place in a trace: `traceparent` and `tracestate` (W3C Trace Context, level 1 section 3).

use std::str::FromStr;

use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};

/// The span that a request comes from.
pub struct Parent(pub(super) SpanContext);

impl Parent {
    /// Reads every `traceparent` and `tracestate` header of a request. There is no parent where the first is malformed,
    /// stands there twice or not at all: "the vendor creates a new `traceparent` and deletes `tracestate`".
    pub fn read<'h>(
        mut traceparent: impl Iterator<Item = &'h str>,
        tracestate: impl Iterator<Item = &'h str>,
    ) -> Option<Self> {
        let header = traceparent.next()?;
        if traceparent.next().is_some() {
            return None;
        }
        let (trace, span, flags) = parse(header)?;
        let state = state(tracestate);
        Some(Self(SpanContext::new(trace, span, flags, true, state)))
    }
}

/// `00-TRACE-SPAN-FLAGS`, all in lower-case hexadecimal.
fn parse(header: &str) -> Option<(TraceId, SpanId, TraceFlags)> {
    let (known, more) = header.split_at_checked(HEADER_BYTES)?;
    let mut parts = known.split('-');
    let mut part = |length: usize| {
        let part = parts.next()?;
        let is_hex = part
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        (is_hex && part.len() == length).then_some(part)
    };
    let (version, trace, span, flags) = (part(2)?, part(32)?, part(16)?, part(2)?);
    // Later versions may add something behind a dash; what they have in common with this one stays where it is.
    let fits = match version {
        "ff" => false,
        "00" => more.is_empty(),
        _ => more.is_empty() || more.starts_with('-'),
    };
    let (trace, span) = (TraceId::from_hex(trace).ok()?, SpanId::from_hex(span).ok()?);
    let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()?) & TraceFlags::SAMPLED;
    let is_valid = fits && trace != TraceId::INVALID && span != SpanId::INVALID;
    is_valid.then_some((trace, span, flags))
}

/// What other tracing systems have to say to each other. Where it is malformed it is left out, and only it.
fn state<'h>(headers: impl Iterator<Item = &'h str>) -> TraceState {
    let joined = headers.collect::<Vec<_>>().join(",");
    match joined.len() {
        0 => TraceState::NONE,
        1..=STATE_BYTES_MAX => TraceState::from_str(&joined).unwrap_or(TraceState::NONE),
        _ => TraceState::NONE,
    }
}

const HEADER_BYTES: usize = 55;
/// As much as everybody must be able to pass on.
const STATE_BYTES_MAX: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn read(traceparent: &[&str], tracestate: &[&str]) -> Option<SpanContext> {
        let parent = Parent::read(traceparent.iter().copied(), tracestate.iter().copied());
        parent.map(|parent| parent.0)
    }

    #[test]
    fn the_ids_and_the_flag_are_taken_over() {
        let context = read(&[GOOD], &["a=1", "b=2"]).unwrap();
        assert_eq!(context.trace_id().to_string(), GOOD[3..35]);
        assert_eq!(context.span_id().to_string(), GOOD[36..52]);
        assert!(context.is_sampled() && context.is_remote());
        assert_eq!(context.trace_state().header(), "a=1,b=2");
        let unsampled = GOOD.replace("-01", "-fe");
        assert!(!read(&[&unsampled], &[]).unwrap().is_sampled());
    }

    #[test]
    fn what_is_malformed_is_no_parent() {
        let bad = [
            "",
            "00",
            &GOOD.to_uppercase(),
            &GOOD.replace("00-4", "ff-4"),
            &GOOD.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
            &GOOD.replace("00f067aa0ba902b7", &"0".repeat(16)),
            &GOOD.replace('-', "_"),
            &GOOD.replace("b7-01", "b7-0g"),
            &GOOD[..54],
            &format!("{GOOD}-more"),
            &format!(" {GOOD}"),
            "00-4bf92f3577b34da6a3ce929d0e0e47360-0f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473\u{e9}-00f067aa0ba902b7-01",
        ];
        for header in bad {
            assert!(read(&[header], &[]).is_none(), "{header}");
        }
        assert!(read(&[GOOD, GOOD], &[]).is_none());
        assert!(read(&[], &["a=1"]).is_none());
    }

    #[test]
    fn a_later_version_is_read_as_far_as_this_one_goes() {
        let later = GOOD.replace("00-4", "01-4");
        for header in [later.clone(), format!("{later}-more")] {
            assert!(read(&[&header], &[]).is_some(), "{header}");
        }
        assert!(read(&[&format!("{later}more")], &[]).is_none());
    }

    #[test]
    fn a_bad_state_is_left_out_alone() {
        for state in ["a", "A=1", &format!("a={}", "x".repeat(600))] {
            let context = read(&[GOOD], &[state]).unwrap();
            assert_eq!(context.trace_state().header(), "", "{state}");
        }
    }
}
