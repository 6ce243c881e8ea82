//! Clients that are APIs themselves: they may ask about tokens that were issued for them.

use super::{Registrar, RegistrarError};

impl Registrar {
    /// Lets a client serve an API, named by its identifier or id. Says the identifier.
    ///
    /// # Errors
    /// When there is no such client or API.
    pub async fn serve_api(&self, client_id: &str, api: &str) -> Result<String, RegistrarError> {
        let client = self.client(client_id).await?;
        let api = self.api(api).await?;
        let added = self
            .store
            .add_api_server(&client.id, &api.identifier, self.by());
        added.await?;
        Ok(api.identifier)
    }

    /// Ends that.
    ///
    /// # Errors
    /// When the client does not serve the API.
    pub async fn stop_serving_api(&self, client_id: &str, api: &str) -> Result<(), RegistrarError> {
        let api = self.api(api).await?.identifier;
        let was_so = self.store.delete_api_server(client_id, &api, self.by());
        match was_so.await? {
            true => Ok(()),
            false => Err(RegistrarError::Invalid(format!(
                "client {client_id:?} does not serve the API {api:?}"
            ))),
        }
    }

    /// Which client serves which API: client ids and identifiers.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn api_servers(&self) -> Result<Vec<(String, String)>, RegistrarError> {
        Ok(self.store.api_servers().await?)
    }

    /// The APIs that a client serves.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn served_apis(&self, client_id: &str) -> Result<Vec<String>, RegistrarError> {
        Ok(self.store.served_by(client_id).await?)
    }
}
