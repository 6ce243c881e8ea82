//! What rules ask of the host, and how often.

/// How often one call asked the host for what. Counted aside and added up at its end: a call that is begun again, on a
/// stack of its own, counts once.
#[derive(Clone, Copy, Debug, Default)]
pub struct HostCalls(pub(super) [u32; HostFunction::ALL.len()]);

impl HostCalls {
    /// One more.
    pub fn count(&mut self, function: HostFunction) {
        let times = &mut self.0[function as usize];
        *times = times.saturating_add(1);
    }
}

/// What a rule can ask of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostFunction {
    /// Anything of the request: there is a function for each of its parts.
    Request,
    /// `log`
    Log,
    /// `uuid-v4`
    UuidV4,
    /// `uuid-v7`
    UuidV7,
    /// `cache.get`
    CacheGet,
    /// `cache.set`
    CacheSet,
    /// `cache.delete`
    CacheDelete,
    /// `secrets.get`
    SecretGet,
    /// `random-bytes`
    RandomBytes,
    /// `now`
    Now,
    /// `http.send`
    HttpSend,
}

impl HostFunction {
    pub(super) const ALL: [Self; 11] = [
        Self::Request,
        Self::Log,
        Self::UuidV4,
        Self::UuidV7,
        Self::CacheGet,
        Self::CacheSet,
        Self::CacheDelete,
        Self::SecretGet,
        Self::RandomBytes,
        Self::Now,
        Self::HttpSend,
    ];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Log => "log",
            Self::UuidV4 => "uuid_v4",
            Self::UuidV7 => "uuid_v7",
            Self::CacheGet => "cache_get",
            Self::CacheSet => "cache_set",
            Self::CacheDelete => "cache_delete",
            Self::SecretGet => "secret_get",
            Self::RandomBytes => "random_bytes",
            Self::Now => "now",
            Self::HttpSend => "http_send",
        }
    }
}
