//! The body of a response that is the app's or ours.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::answer::Explanation;

pin_project! {
    /// The body of a response that has passed a layer: the app's own, frame for
    /// frame, or the layer's answer.
    ///
    /// ```
    /// use oneport::layer::ResponseBody;
    ///
    /// fn takes_a_body(_: impl http_body::Body<Data = bytes::Bytes>) {}
    /// fn works(body: ResponseBody<axum::body::Body>) {
    ///     takes_a_body(body);
    /// }
    /// ```
    #[derive(Debug)]
    pub struct ResponseBody<B> {
        #[pin]
        whose: Whose<B>,
    }
}

pin_project! {
    #[derive(Debug)]
    #[project = WhoseProjected]
    enum Whose<B> {
        App {
            #[pin]
            body: B,
        },
        Ours {
            #[pin]
            body: Explanation,
        },
    }
}

impl<B> ResponseBody<B> {
    pub(super) fn app(body: B) -> Self {
        let whose = Whose::App { body };
        Self { whose }
    }

    pub(super) fn ours(body: Explanation) -> Self {
        let whose = Whose::Ours { body };
        Self { whose }
    }
}

impl<B> Body for ResponseBody<B>
where
    B: Body<Data: From<Bytes>>,
{
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        match self.project().whose.project() {
            WhoseProjected::App { body } => body.poll_frame(cx),
            WhoseProjected::Ours { body } => body.poll_frame(cx).map(|frame| {
                frame.map(|frame| match frame {
                    Ok(frame) => Ok(frame.map_data(B::Data::from)),
                    Err(never) => match never {},
                })
            }),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.whose {
            Whose::App { body } => body.is_end_stream(),
            Whose::Ours { body } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.whose {
            Whose::App { body } => body.size_hint(),
            Whose::Ours { body } => body.size_hint(),
        }
    }
}
