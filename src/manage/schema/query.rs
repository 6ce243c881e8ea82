//! What is in queries.

#![expect(
    dead_code,
    reason = "queries are read member by member: this is what their senders are told"
)]

use super::rules::Stage;
use utoipa::IntoParams;

/// How a list is asked for. Without any of these it is answered whole; `take` or `from` ask for checkpoints, the others
/// for pages.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::manage) struct Paging {
    /// The number of the page, from 0.
    #[param(minimum = 0, maximum = 1_000_000)]
    page: Option<u32>,
    /// How long a page is.
    #[param(minimum = 1, maximum = 100, default = 50)]
    per_page: Option<u32>,
    /// Whether to answer an envelope with the length of the whole list.
    include_totals: Option<bool>,
    /// The `next` of the answer before.
    #[param(pattern = "^([0-9]{1,12}-([0-9a-f]{2}){1,255})?$")]
    from: Option<String>,
    /// How long a part is.
    #[param(minimum = 1, maximum = 100, default = 50)]
    take: Option<u32>,
}

/// How a list is asked for that does not know pages by number: whole, or by checkpoints.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::manage) struct Checkpoints {
    /// The `next` of the answer before.
    #[param(pattern = "^([0-9]{1,12}-([0-9a-f]{2}){1,255})?$")]
    from: Option<String>,
    /// How long a part is.
    #[param(minimum = 1, maximum = 100, default = 50)]
    take: Option<u32>,
    /// Ignored, as at Auth0.
    page: Option<String>,
    /// Ignored, as at Auth0.
    per_page: Option<String>,
    /// Ignored, as at Auth0.
    include_totals: Option<String>,
}

/// How a list is asked for that knows pages by number only. Without any of these it is answered whole.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::manage) struct Pages {
    /// The number of the page, from 0.
    #[param(minimum = 0, maximum = 1_000_000)]
    page: Option<u32>,
    /// How long a page is.
    #[param(minimum = 1, maximum = 100, default = 50)]
    per_page: Option<u32>,
    /// Whether to answer an envelope with the length of the whole list.
    include_totals: Option<bool>,
}

/// Which properties are answered.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::manage) struct Projection {
    /// Names of properties, with commas between.
    fields: Option<String>,
    /// Whether those are wanted, or all the others.
    #[param(default = true)]
    include_fields: Option<bool>,
}

/// Which clients are wanted.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::manage) struct ClientFilters {
    /// One of these kinds, with commas between.
    app_type: Option<String>,
    is_global: Option<bool>,
    is_first_party: Option<bool>,
}

/// Which APIs are wanted.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::manage) struct ResourceServerFilters {
    /// With one of these identifiers, 10 at most.
    #[param(max_items = 10)]
    identifiers: Option<Vec<String>>,
}

/// Which grants are wanted.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::manage) struct ClientGrantFilters {
    client_id: Option<String>,
    audience: Option<String>,
    subject_type: Option<String>,
    allow_any_organization: Option<bool>,
}

/// Which blacklisted tokens are wanted.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::manage) struct BlacklistFilters {
    /// Those with this API or client.
    aud: Option<String>,
}

/// Which rules are wanted.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::manage) struct RuleFilters {
    /// Those that are to run, or those that are not.
    enabled: Option<bool>,
    /// Those of this stage, which all are.
    stage: Option<Stage>,
}

/// What else goes with a grant.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::manage) struct GrantDeletion {
    /// Whether everything that was issued under it is revoked in the same moment.
    revoke_tokens: Option<bool>,
}

/// Which version of a thing is meant.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub(in crate::manage) struct Condition {
    /// The change is made only if the thing is still what an earlier answer with this ETag was about.
    #[param(rename = "If-Match", value_type = String, required = false, pattern = r"^[\t -~]*$")]
    if_match: Option<String>,
}
