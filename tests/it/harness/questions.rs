//! Asking a server about tokens, and taking tokens away.

use rulemint::audit::Actor;
use rulemint::registry::{NewClient, NewGrant};
use rulemint::revocation::{Gone, NewRevocation, Revoker, Target};
use rulemint::store::GrantRow;

use super::{AUDIENCE, Answer, CLIENT, SECRET, TestServer, header, until};

impl TestServer {
    /// Posts a form to any path.
    pub(crate) async fn post_to(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let url = format!("{}{path}", self.address);
        let response = self.http.post(url).form(form).send();
        Answer::read(response.await.unwrap()).await
    }

    /// Asks about a token as the client that every test server has.
    pub(crate) async fn introspect(&self, token: &str) -> Answer {
        self.introspect_as(CLIENT, token).await
    }

    /// Asks as a client that has the same secret.
    pub(crate) async fn introspect_as(&self, client: &str, token: &str) -> Answer {
        let form = [
            ("client_id", client),
            ("client_secret", SECRET),
            ("token", token),
        ];
        self.post_to("/oauth/introspect", &form).await
    }

    /// Whether introspection says that a token is good.
    pub(crate) async fn is_active(&self, token: &str) -> bool {
        let answer = self.introspect(token).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["active"].as_bool().unwrap()
    }

    /// Asks as a proxy does that stands before the API of every test server.
    pub(crate) async fn verify(&self, token: &str) -> Answer {
        let path = format!("/verify?audience={AUDIENCE}");
        self.verify_at(&path, token).await
    }

    pub(crate) async fn verify_at(&self, path: &str, token: &str) -> Answer {
        let request = self.http.get(format!("{}{path}", self.address));
        Answer::read(request.bearer_auth(token).send().await.unwrap()).await
    }

    /// Takes tokens away as another process would: through the store.
    pub(crate) fn revoker(&self) -> Revoker {
        self.revoker_of(1_000)
    }

    /// The same with room for more or fewer.
    pub(crate) fn revoker_of(&self, entries_max: usize) -> Revoker {
        Revoker::new(self.store.clone(), self.clock.clone(), entries_max)
    }

    /// Revokes, and waits until the server has it in force.
    pub(crate) async fn revoke(&self, target: Target) -> Gone {
        let gone = self.revoker().revoke(revocation(target)).await.unwrap();
        self.until_in_force(&gone).await;
        gone
    }

    pub(crate) async fn until_in_force(&self, gone: &Gone) {
        until("the revocation to be in force", async || {
            let seen = self.store.report("revocations").await.unwrap()?;
            (seen.parse::<i64>().unwrap() >= gone.change).then_some(())
        })
        .await;
    }

    /// Adds a client with the same secret and waits until it is known. Where `scope` says so, it may have tokens for
    /// `audience`.
    pub(crate) async fn add_client(&self, id: &str, audience: &str, scope: Option<&str>) {
        let new = NewClient {
            id: Some(id.to_owned()),
            name: id.to_owned(),
            secret: Some(SECRET.into()),
            ..NewClient::default()
        };
        self.registrar.add_client(new).await.unwrap();
        if let Some(scope) = scope {
            let grant = NewGrant {
                client_id: id.to_owned(),
                audience: audience.to_owned(),
                scope: Some(scope.to_owned()),
            };
            self.registrar.add_grant(grant).await.unwrap();
        }
        until("the new client", async || {
            let live = self.issuer.live.load();
            let client = live.registry.client(id)?;
            (scope.is_none() || client.grant(audience).is_some()).then_some(())
        })
        .await;
    }

    /// The grant that every test server has.
    pub(crate) async fn grant(&self) -> GrantRow {
        let grants = self.registrar.grants(Some(CLIENT)).await;
        grants.unwrap().remove(0)
    }

    /// Expects a form to be refused unless it says who sends it, and proves it.
    pub(crate) async fn refuses_strangers(&self, path: &str, token: &str) {
        let nobody = self.post_to(path, &[("token", token)]).await;
        nobody.refused(401, "invalid_client");
        assert!(nobody.header("www-authenticate").starts_with("Basic"));
        let unproven = [("token", token), ("client_id", CLIENT)];
        let unproven = self.post_to(path, &unproven).await;
        unproven.refused(401, "invalid_client");
        let wrong = [
            ("token", token),
            ("client_id", CLIENT),
            ("client_secret", "no"),
        ];
        let wrong = self.post_to(path, &wrong).await;
        wrong.refused(401, "invalid_client");
    }

    /// All that its tokens have in common, whatever the rules: what a cut-off can be about.
    pub(crate) async fn targets(&self) -> [Target; 5] {
        let kid = header(&self.ask(&[]).await.token())["kid"].clone();
        [
            Target::Client(CLIENT.to_owned()),
            Target::Grant {
                client_id: CLIENT.to_owned(),
                audience: AUDIENCE.to_owned(),
            },
            Target::Subject(CLIENT.to_owned()),
            Target::Audience(AUDIENCE.to_owned()),
            Target::Key(kid.as_str().unwrap().to_owned()),
        ]
    }

    /// A token of a client with the same secret.
    pub(crate) async fn token_of(&self, client: &str) -> String {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", client),
            ("client_secret", SECRET),
            ("audience", AUDIENCE),
        ];
        self.post(&form).await.token()
    }
}

/// Who does what tests do.
pub(crate) fn a_test() -> Actor {
    Actor::user("a test")
}

/// A revocation of everything that was issued until now, without a reason.
pub(crate) fn revocation(target: Target) -> NewRevocation {
    NewRevocation {
        target,
        issued_before: None,
        expires_at: None,
        reason: None,
        actor: a_test(),
    }
}
