//! The host functions of `wit/rule.wit`: what a component can ask of the request, and of the server.

pub(super) mod wasi;

use std::time::Duration;

use wasmtime::component::Resource;

use super::bindings::RequestHandle;
use super::bindings::v1::rulemint::rule::{cache, host, http, secrets, types};
use super::error::LimitHit;
use super::event::{Event, requested_scopes};
use super::limits::RANDOM_BYTES_MAX;
use super::outbound;
use super::state::CallState;
use crate::grant::Draft;
use crate::telemetry::metrics::HostFunction;

type Request = Resource<RequestHandle>;

impl types::Host for CallState {}

impl CallState {
    /// The request, for a guest that asks for a part of it.
    fn asked(&mut self, request: &Request) -> wasmtime::Result<&Draft> {
        self.note_asked(request)?;
        self.request()
    }

    /// A kept instance may hold the requests of its earlier calls, and must not take one for another.
    fn note_asked(&mut self, request: &Request) -> wasmtime::Result<()> {
        self.host_calls.count(HostFunction::Request);
        match request.rep() == self.turn {
            true => Ok(()),
            false => Err(wasmtime::format_err!(
                "it asked the request of an earlier token, which is over: a rule whose instances are kept reads each \
                 request in its own call"
            )),
        }
    }
}

impl types::HostRequest for CallState {
    fn transaction_id(&mut self, request: Request) -> wasmtime::Result<String> {
        Ok(self.asked(&request)?.transaction_id.to_string())
    }

    fn issued_at(&mut self, request: Request) -> wasmtime::Result<u64> {
        Ok(self.asked(&request)?.claims.issued_at)
    }

    fn lifetime(&mut self, request: Request) -> wasmtime::Result<u32> {
        Ok(self.asked(&request)?.claims.lifetime)
    }

    fn grant_type(&mut self, request: Request) -> wasmtime::Result<String> {
        Ok(self.asked(&request)?.wanted.grant_type.clone())
    }

    fn audience(&mut self, request: Request) -> wasmtime::Result<String> {
        Ok(self.asked(&request)?.claims.audience.to_string())
    }

    fn client_id(&mut self, request: Request) -> wasmtime::Result<String> {
        Ok(self.asked(&request)?.client.id.to_string())
    }

    fn client_name(&mut self, request: Request) -> wasmtime::Result<String> {
        Ok(self.asked(&request)?.client.name.to_string())
    }

    fn client_metadata(
        &mut self,
        request: Request,
        name: String,
    ) -> wasmtime::Result<Option<String>> {
        Ok(self.asked(&request)?.client.metadata.get(&name).cloned())
    }

    fn grant_id(&mut self, request: Request) -> wasmtime::Result<String> {
        Ok(self.asked(&request)?.permission.id.to_string())
    }

    fn subject_id(&mut self, request: Request) -> wasmtime::Result<Option<String>> {
        self.asked(&request)?;
        Ok(None) // Client credentials have no subject but the client.
    }

    fn subject_claim(&mut self, request: Request, _: String) -> wasmtime::Result<Option<String>> {
        self.asked(&request)?;
        Ok(None)
    }

    fn requested_scopes(&mut self, request: Request) -> wasmtime::Result<Vec<String>> {
        Ok(requested_scopes(self.asked(&request)?)
            .map(str::to_owned)
            .collect())
    }

    fn granted_scopes(&mut self, request: Request) -> wasmtime::Result<Vec<String>> {
        Ok(self
            .asked(&request)?
            .claims
            .scope
            .values()
            .map(str::to_owned)
            .collect())
    }

    fn parameter(&mut self, request: Request, name: String) -> wasmtime::Result<Option<String>> {
        let parameters = &self.asked(&request)?.wanted.parameters;
        let found = parameters.iter().find(|(known, _)| *known == name);
        Ok(found.map(|(_, value)| value.clone()))
    }

    fn claim(&mut self, request: Request, name: String) -> wasmtime::Result<Option<String>> {
        Ok(self.asked(&request)?.claims.get(&name))
    }

    fn settings(&mut self, request: Request) -> wasmtime::Result<String> {
        self.note_asked(&request)?;
        Ok(self.settings_in_force().get().to_owned())
    }

    fn event(&mut self, request: Request) -> wasmtime::Result<String> {
        self.note_asked(&request)?;
        let event = Event::new(self.request()?, self.settings_in_force())?;
        Ok(serde_json::to_string(&event)?)
    }

    fn drop(&mut self, _: Request) -> wasmtime::Result<()> {
        Ok(()) // The handle is nothing but a number: the request stays where it is.
    }
}

impl host::Host for CallState {
    fn log(&mut self, level: host::Level, message: String) -> wasmtime::Result<()> {
        self.host_calls.count(HostFunction::Log);
        self.charge(message.len())?;
        let secrets = &self.rule.capabilities.secrets;
        self.log.push(level, &secrets.scrub(&message));
        Ok(())
    }

    fn uuid_v4(&mut self) -> wasmtime::Result<String> {
        self.host_calls.count(HostFunction::UuidV4);
        Ok(self.rule.surroundings.random.uuid_v4())
    }

    fn uuid_v7(&mut self) -> wasmtime::Result<String> {
        self.host_calls.count(HostFunction::UuidV7);
        let surroundings = &self.rule.surroundings;
        Ok(surroundings
            .random
            .uuid_v7(surroundings.clock.since_epoch()))
    }

    fn random_bytes(&mut self, length: u32) -> wasmtime::Result<Vec<u8>> {
        self.host_calls.count(HostFunction::RandomBytes);
        if !(1..=RANDOM_BYTES_MAX).contains(&length) {
            return Err(LimitHit::RandomBytes(length).into());
        }
        let mut bytes = vec![0; length as usize];
        self.charge(bytes.len())?;
        self.rule.surroundings.random.fill(&mut bytes);
        Ok(bytes)
    }

    fn now(&mut self) -> wasmtime::Result<u64> {
        self.host_calls.count(HostFunction::Now);
        let now = self.rule.surroundings.clock.since_epoch();
        Ok(u64::try_from(now.as_millis()).unwrap_or(u64::MAX))
    }
}

impl CallState {
    /// Says why an HTTP request is not sent, to a rule that may send none.
    pub(super) fn refuse_http(&mut self) -> String {
        self.host_calls.count(HostFunction::HttpSend);
        outbound::Refusal::NotGranted.to_string()
    }
}

impl http::Host for CallState {
    async fn send(
        &mut self,
        request: http::Outgoing,
    ) -> wasmtime::Result<Result<http::Incoming, String>> {
        self.host_calls.count(HostFunction::HttpSend);
        let headers = request.headers.iter();
        let headers: usize = headers.map(|(name, value)| name.len() + value.len()).sum();
        self.charge(request.url.len() + request.body.len() + headers)?;
        let request = match outbound::plain::request(request) {
            Ok(request) => request,
            Err(problem) => return Ok(Err(problem)),
        };
        let answer = self.calls().hooks.send(request, None).await;
        Ok(answer
            .map(outbound::plain::incoming)
            .map_err(|refusal| refusal.to_string()))
    }
}

impl secrets::Host for CallState {
    fn get(&mut self, name: String) -> wasmtime::Result<Option<String>> {
        self.host_calls.count(HostFunction::SecretGet);
        let value = self.rule.capabilities.secrets.visible(&name);
        Ok(value.map(str::to_owned))
    }
}

impl cache::Host for CallState {
    fn get(&mut self, key: String) -> wasmtime::Result<Option<String>> {
        self.host_calls.count(HostFunction::CacheGet);
        self.charge(key.len())?;
        let now = self.rule.surroundings.clock.monotonic();
        Ok(self
            .rule
            .cache
            .as_ref()
            .and_then(|cache| cache.get(&key, now)))
    }

    fn set(
        &mut self,
        key: String,
        value: String,
        ttl_seconds: u32,
    ) -> wasmtime::Result<Result<(), String>> {
        self.host_calls.count(HostFunction::CacheSet);
        self.charge(key.len() + value.len())?;
        let now = self.rule.surroundings.clock.monotonic();
        let expires_at = now + Duration::from_secs(ttl_seconds.into());
        Ok(match &self.rule.cache {
            Some(cache) => cache.set(&key, &value, expires_at),
            None => Err("the manifest grants no cache; add a [cache] table".to_owned()),
        })
    }

    fn delete(&mut self, key: String) -> wasmtime::Result<()> {
        self.host_calls.count(HostFunction::CacheDelete);
        self.charge(key.len())?;
        if let Some(cache) = &self.rule.cache {
            cache.delete(&key);
        }
        Ok(())
    }
}
