//! The description of the management API, generated from its handlers: `/openapi.json`.
//!
//! Bodies are read member by member, so [`schema`](super::schema) says what is in them; a test holds real answers against it.

mod headers;
mod refusals;

use utoipa::openapi::path::{HttpMethod, Operation, PathItem};
use utoipa::openapi::schema::{
    AdditionalProperties, AllOfBuilder, ObjectBuilder, OneOfBuilder, Schema, SchemaType, Type,
};
use utoipa::openapi::security::{ClientCredentials, Flow, OAuth2, Scopes, SecurityScheme};
use utoipa::openapi::{OpenApi as Document, RefOr};
use utoipa::{Modify, OpenApi};

use super::error::ErrorBody;
use super::payload::Kept;
use super::problem::Problem;
use super::{
    blacklists, clients, credentials, grants, keys, resource_servers, rules, rules_configs, scope,
    v1,
};
use headers::Headers;
use refusals::Refusals;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "rulemint management API",
        description = "Clients, APIs, client grants, rules, signing keys and blacklisted tokens, in the shapes of Auth0's Management API, where a PATCH takes If-Match and a POST an Idempotency-Key; and what Auth0 never had, below /api/rulemint/v1.",
    ),
    paths(
        blacklists::list,
        blacklists::create,
        clients::list,
        clients::create,
        clients::show,
        clients::update,
        clients::delete,
        clients::rotate_secret,
        credentials::list,
        credentials::create,
        credentials::show,
        credentials::update,
        credentials::delete,
        resource_servers::list,
        resource_servers::create,
        resource_servers::show,
        resource_servers::update,
        resource_servers::delete,
        grants::list,
        grants::create,
        grants::show,
        grants::update,
        grants::delete,
        rules::list,
        rules::create,
        rules::show,
        rules::update,
        rules::delete,
        rules_configs::list,
        rules_configs::set,
        rules_configs::delete,
        keys::list,
        keys::show,
        keys::rotate,
        keys::revoke,
        v1::tokens::list,
        v1::tokens::create,
        v1::tokens::explain,
        v1::cutoffs::list,
        v1::cutoffs::create,
        v1::cutoffs::undo,
        v1::rules::show,
        v1::rules::roll_back,
        v1::rules::reload,
        v1::audit::list,
        v1::status::show,
    ),
    components(schemas(ErrorBody, Problem)),
    modifiers(&Access, &KeptProperties, &Metadata, &Projections, &OneTarget, &Refusals, &Headers)
)]
struct Description;

/// The description, as JSON.
pub fn openapi() -> String {
    let document = Description::openapi();
    document.to_pretty_json().unwrap_or_default()
}

/// The calls at a path, by their methods.
fn operations(item: &mut PathItem) -> impl Iterator<Item = (HttpMethod, &mut Operation)> {
    let all = [
        (HttpMethod::Get, item.get.as_mut()),
        (HttpMethod::Post, item.post.as_mut()),
        (HttpMethod::Put, item.put.as_mut()),
        (HttpMethod::Patch, item.patch.as_mut()),
        (HttpMethod::Delete, item.delete.as_mut()),
    ];
    all.into_iter()
        .filter_map(|(method, operation)| Some((method, operation?)))
}

/// A token of this server's own, with a scope that each call names.
struct Access;

impl Modify for Access {
    fn modify(&self, document: &mut Document) {
        let scopes = scope::ALL.iter().copied();
        let flow = ClientCredentials::new("/oauth/token", Scopes::from_iter(scopes));
        let scheme = SecurityScheme::OAuth2(OAuth2::new([Flow::ClientCredentials(flow)]));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme(SCHEME, scheme);
    }
}

/// Adds the properties that are kept without being acted on to the schemas of bodies, and closes these.
struct KeptProperties;

impl Modify for KeptProperties {
    fn modify(&self, document: &mut Document) {
        let kept: [(&str, &Kept); 20] = [
            ("ClientCreate", &clients::KEPT),
            ("ClientUpdate", &clients::KEPT),
            ("ClientAuthenticationMethods", &NOTHING_KEPT),
            ("PrivateKeyJwt", &NOTHING_KEPT),
            ("CredentialId", &NOTHING_KEPT),
            ("NewClientAuthenticationMethods", &NOTHING_KEPT),
            ("NewPrivateKeyJwt", &NOTHING_KEPT),
            ("ClientCredentialCreate", &NOTHING_KEPT),
            ("ClientCredentialUpdate", &NOTHING_KEPT),
            ("ResourceServerCreate", &resource_servers::KEPT),
            ("ResourceServerUpdate", &resource_servers::KEPT),
            ("ClientGrantCreate", &grants::KEPT),
            ("ClientGrantUpdate", &grants::KEPT),
            ("BlacklistedTokenCreate", &NOTHING_KEPT),
            ("RuleCreate", &NOTHING_KEPT),
            ("RuleUpdate", &NOTHING_KEPT),
            ("RulesConfigValue", &NOTHING_KEPT),
            ("TokenIssue", &NOTHING_KEPT),
            ("CutoffCreate", &NOTHING_KEPT),
            ("Rollback", &NOTHING_KEPT),
        ];
        let components = document.components.get_or_insert_default();
        for (name, kept) in kept {
            let Some(RefOr::T(Schema::Object(object))) = components.schemas.get_mut(name) else {
                continue;
            };
            let only = kept.only.iter().map(|(property, _)| property);
            for property in kept.names.iter().chain(only) {
                let values = ObjectBuilder::new()
                    .schema_type(SchemaType::AnyValue)
                    .enum_values(kept.values(property))
                    .build();
                let values = RefOr::T(Schema::Object(values));
                let name = (*property).to_owned();
                object.properties.entry(name).or_insert(values);
            }
            object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
        }
    }
}

/// Says what the keys and values of a client's metadata may be.
struct Metadata;

impl Modify for Metadata {
    fn modify(&self, document: &mut Document) {
        let components = document.components.get_or_insert_default();
        let value = [Type::String, Type::Null];
        for (name, value) in [("ClientCreate", &value[..1]), ("ClientUpdate", &value[..])] {
            let Some(RefOr::T(Schema::Object(object))) = components.schemas.get_mut(name) else {
                continue;
            };
            let metadata = object.properties.get_mut("client_metadata");
            if let Some(RefOr::T(Schema::Object(metadata))) = metadata {
                let text = || ObjectBuilder::new().max_length(Some(METADATA_CHARS_MAX));
                let keys = text().schema_type(SchemaType::new(Type::String));
                let keys = Schema::Object(keys.min_length(Some(1)).build());
                let values = text().schema_type(SchemaType::from_iter(value.iter().cloned()));
                metadata.max_properties = Some(METADATA_ENTRIES_MAX);
                metadata.property_names = Some(Box::new(keys));
                metadata.additional_properties = Some(Box::new(values.into()));
            }
        }
    }
}

/// Says that no property of an answer has to be there: `fields` can leave out any.
struct Projections;

impl Modify for Projections {
    fn modify(&self, document: &mut Document) {
        let components = document.components.get_or_insert_default();
        for name in [
            "Client",
            "ResourceServer",
            "ClientGrant",
            "BlacklistedToken",
            "Rule",
        ] {
            if let Some(RefOr::T(Schema::Object(object))) = components.schemas.get_mut(name) {
                object.required.clear();
            }
        }
    }
}

/// Says that a cut-off names one thing, or one that goes together with an API.
struct OneTarget;

impl Modify for OneTarget {
    fn modify(&self, document: &mut Document) {
        let components = document.components.get_or_insert_default();
        let Some(body) = components.schemas.remove(CUTOFF) else {
            return;
        };
        let ways = TARGETS.iter().fold(OneOfBuilder::new(), |ways, target| {
            ways.item(named_alone(target))
        });
        let whole = AllOfBuilder::new().item(body).item(ways);
        components.schemas.insert(CUTOFF.to_owned(), whole.into());
    }
}

fn named_alone(target: &str) -> ObjectBuilder {
    let text = ObjectBuilder::new()
        .schema_type(SchemaType::new(Type::String))
        .pattern(Some(match target {
            "rule" => r"^(sha256:)?[0-9a-fA-F]{16,64}$",
            _ => r"^[^\x00-\x1f\x7f-\x9f]{1,600}$",
        }));
    let nothing = || ObjectBuilder::new().schema_type(SchemaType::new(Type::Null));
    let goes_along = |other: &str| other == "audience" && ["jti", "client_id"].contains(&target);
    TARGETS
        .iter()
        .filter(|other| **other != target && !goes_along(other))
        .fold(
            ObjectBuilder::new().property(target, text).required(target),
            |object, other| object.property(*other, nothing()),
        )
}

const IF_MATCH: &str = "If-Match";
const CUTOFF: &str = "CutoffCreate";
/// What a cut-off can name.
const TARGETS: [&str; 7] = [
    "jti",
    "client_id",
    "grant_id",
    "subject",
    "audience",
    "key",
    "rule",
];
const METADATA_CHARS_MAX: usize = 1_024;
const METADATA_ENTRIES_MAX: usize = 50;
const NOTHING_KEPT: Kept = Kept {
    names: &[],
    only: &[],
};
/// The name of the security scheme, as the handlers write it.
const SCHEME: &str = "token";
