//! Who may come in.

use super::{embedded::Embedded, remote::Remote, segment};
use async_trait::async_trait;
use protocol::{
    Problem,
    api::{AddUser, CreateToken, CreatedToken, SetPassword, TokenSummary, UserSummary},
};

#[async_trait]
pub(in crate::cli) trait Access {
    async fn users(&self) -> Result<Vec<UserSummary>, Problem>;
    async fn add_user(&self, request: AddUser) -> Result<UserSummary, Problem>;
    async fn remove_user(&self, name: &str) -> Result<(), Problem>;
    async fn set_password(&self, name: &str, request: SetPassword) -> Result<(), Problem>;
    async fn tokens(&self) -> Result<Vec<TokenSummary>, Problem>;
    async fn create_token(&self, request: CreateToken) -> Result<CreatedToken, Problem>;
    async fn revoke_token(&self, name: &str) -> Result<(), Problem>;
}

#[async_trait]
impl Access for Embedded {
    async fn users(&self) -> Result<Vec<UserSummary>, Problem> {
        self.api.users().await
    }

    async fn add_user(&self, request: AddUser) -> Result<UserSummary, Problem> {
        self.api.add_user(request).await
    }

    async fn remove_user(&self, name: &str) -> Result<(), Problem> {
        self.api.remove_user(name).await
    }

    async fn set_password(&self, name: &str, request: SetPassword) -> Result<(), Problem> {
        self.api.set_password(name, request).await
    }

    async fn tokens(&self) -> Result<Vec<TokenSummary>, Problem> {
        self.api.tokens().await
    }

    async fn create_token(&self, request: CreateToken) -> Result<CreatedToken, Problem> {
        self.api.create_token(request).await
    }

    async fn revoke_token(&self, name: &str) -> Result<(), Problem> {
        self.api.revoke_token(name).await
    }
}

#[async_trait]
impl Access for Remote {
    async fn users(&self) -> Result<Vec<UserSummary>, Problem> {
        self.get("users").await
    }

    async fn add_user(&self, request: AddUser) -> Result<UserSummary, Problem> {
        self.send("users", &request).await
    }

    async fn remove_user(&self, name: &str) -> Result<(), Problem> {
        self.delete(&format!("users/{}", segment(name))).await
    }

    async fn set_password(&self, name: &str, request: SetPassword) -> Result<(), Problem> {
        self.put_only(&format!("users/{}/password", segment(name)), &request).await
    }

    async fn tokens(&self) -> Result<Vec<TokenSummary>, Problem> {
        self.get("tokens").await
    }

    async fn create_token(&self, request: CreateToken) -> Result<CreatedToken, Problem> {
        self.send("tokens", &request).await
    }

    async fn revoke_token(&self, name: &str) -> Result<(), Problem> {
        self.delete(&format!("tokens/{}", segment(name))).await
    }
}
