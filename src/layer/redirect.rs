//! [`Redirect`] as a layer.

use http::Request;
use http::header::{self, HeaderMap};
use tower_layer::Layer;

use super::layered::{Layered, OnRequest, Rule, Verdict};
use crate::answer::Explanation;
use crate::conn_info::ConnInfo;
use crate::redirect::Redirect;

impl<S> Layer<S> for Redirect {
    type Service = Layered<Self, S>;

    fn layer(&self, inner: S) -> Self::Service {
        Layered::new(self.clone(), inner)
    }
}

impl Rule for Redirect {
    const NAME: &'static str = "Redirect";

    /// A cache must not give this response to those who are redirected.
    fn on_response(&self, headers: &mut HeaderMap, _: &ConnInfo) {
        if let Some(vary) = self.vary() {
            headers.append(header::VARY, vary);
        }
    }
}

impl<B> OnRequest<B> for Redirect {
    fn on_request(&self, request: Request<B>, info: &ConnInfo) -> Verdict<B> {
        if info.is_tls() {
            return Verdict::Pass(request);
        }
        let (parts, body) = request.into_parts();
        let port = info.local().map(|local| local.port());
        match self.response(&parts, port) {
            Some(response) => Verdict::Answer(response.map(Explanation::from)),
            None => Verdict::PassAndEdit(Request::from_parts(parts, body)),
        }
    }
}
