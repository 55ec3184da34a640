//! The body of a response that is the application's or ours, whatever buffers
//! the application's is made of.

use std::io::IoSlice;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use pin_project_lite::pin_project;

pin_project! {
    /// One of the two, frame for frame.
    #[derive(Debug)]
    pub(crate) struct OursOrTheirs<B> {
        #[pin]
        whose: Whose<B, Full<Bytes>>,
    }
}

pin_project! {
    #[derive(Debug)]
    #[project = WhoseProjected]
    enum Whose<T, O> {
        Theirs {
            #[pin]
            body: T,
        },
        Ours {
            #[pin]
            body: O,
        },
    }
}

/// A buffer of one of the two.
#[derive(Debug)]
pub(crate) enum Data<D> {
    Ours(Bytes),
    Theirs(D),
}

impl<B> OursOrTheirs<B> {
    pub(super) fn ours(body: Full<Bytes>) -> Self {
        let whose = Whose::Ours { body };
        Self { whose }
    }

    pub(super) fn theirs(body: B) -> Self {
        let whose = Whose::Theirs { body };
        Self { whose }
    }
}

impl<B: Body> Body for OursOrTheirs<B> {
    type Data = Data<B::Data>;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, B::Error>>> {
        match self.project().whose.project() {
            WhoseProjected::Theirs { body } => body
                .poll_frame(cx)
                .map_ok(|frame| frame.map_data(Data::Theirs)),
            WhoseProjected::Ours { body } => body.poll_frame(cx).map(|frame| {
                frame.map(|frame| match frame {
                    Ok(frame) => Ok(frame.map_data(Data::Ours)),
                    Err(never) => match never {},
                })
            }),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.whose {
            Whose::Theirs { body } => body.is_end_stream(),
            Whose::Ours { body } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.whose {
            Whose::Theirs { body } => body.size_hint(),
            Whose::Ours { body } => body.size_hint(),
        }
    }
}

impl<D: Buf> Buf for Data<D> {
    fn remaining(&self) -> usize {
        match self {
            Self::Ours(data) => data.remaining(),
            Self::Theirs(data) => data.remaining(),
        }
    }

    fn chunk(&self) -> &[u8] {
        match self {
            Self::Ours(data) => data.chunk(),
            Self::Theirs(data) => data.chunk(),
        }
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        match self {
            Self::Ours(data) => data.chunks_vectored(slices),
            Self::Theirs(data) => data.chunks_vectored(slices),
        }
    }

    fn advance(&mut self, count: usize) {
        match self {
            Self::Ours(data) => data.advance(count),
            Self::Theirs(data) => data.advance(count),
        }
    }

    fn copy_to_bytes(&mut self, count: usize) -> Bytes {
        match self {
            Self::Ours(data) => data.copy_to_bytes(count),
            Self::Theirs(data) => data.copy_to_bytes(count),
        }
    }
}
