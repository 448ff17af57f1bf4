//! Stored credentials.

use super::{embedded::Embedded, remote::Remote};
use async_trait::async_trait;
use protocol::{
    Problem,
    api::{CredentialSummary, Rotated, SetCredential},
};

#[async_trait]
pub(in crate::cli) trait Credentials {
    async fn set_credential(&self, name: &str, request: SetCredential) -> Result<CredentialSummary, Problem>;
    async fn credentials(&self) -> Result<Vec<CredentialSummary>, Problem>;
    async fn delete_credential(&self, name: &str) -> Result<(), Problem>;
    async fn rotate_credentials(&self) -> Result<Rotated, Problem>;
}

#[async_trait]
impl Credentials for Embedded {
    async fn set_credential(&self, name: &str, request: SetCredential) -> Result<CredentialSummary, Problem> {
        self.api.set_credential(name, request).await.map(|(summary, _)| summary)
    }

    async fn credentials(&self) -> Result<Vec<CredentialSummary>, Problem> {
        self.api.credentials().await
    }

    async fn delete_credential(&self, name: &str) -> Result<(), Problem> {
        self.api.delete_credential(name).await
    }

    async fn rotate_credentials(&self) -> Result<Rotated, Problem> {
        self.api.rotate_credentials().await
    }
}

#[async_trait]
impl Credentials for Remote {
    async fn set_credential(&self, name: &str, request: SetCredential) -> Result<CredentialSummary, Problem> {
        self.put(&at(name), &request).await
    }

    async fn credentials(&self) -> Result<Vec<CredentialSummary>, Problem> {
        self.get("credentials").await
    }

    async fn delete_credential(&self, name: &str) -> Result<(), Problem> {
        self.delete(&at(name)).await
    }

    async fn rotate_credentials(&self) -> Result<Rotated, Problem> {
        self.poke("credential-rotation").await
    }
}

fn at(name: &str) -> String {
    format!("credentials/{}", super::segment(name))
}
