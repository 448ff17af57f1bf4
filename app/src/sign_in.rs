//! What signing in needs, which is asked by whom nobody knows yet. Provided by the server for each request.

use protocol::{
    Problem,
    api::{LogIn, WhoAmI},
};
use runtime::Api;

#[derive(Clone)]
pub struct SignIn {
    api: Api,
    address: String,
    is_secure: bool,
}

impl SignIn {
    /// `api`: as the server itself. `address`: where the request comes from; `is_secure`: over TLS.
    pub fn new(api: Api, address: String, is_secure: bool) -> Self {
        Self { api, address, is_secure }
    }

    /// Who it is, and the cookie their browser is to keep.
    pub(crate) async fn sign_in(&self, request: LogIn) -> Result<(WhoAmI, String), Problem> {
        let signed_in = self.api.log_in(request, &self.address).await?;
        let cookie = crate::session_cookie::set(&signed_in.secret, signed_in.lasts_s, self.is_secure);
        Ok((self.api.acting_as(signed_in.who.into()).who_am_i(), cookie))
    }
}
