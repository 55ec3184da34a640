//! The body of a served response.

use std::io::IoSlice;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::in_flight::InFlight;

/// hyper hands to h2 whatever a frame holds as soon as the client's window has
/// room for one byte, and is done with the stream behind the last one: an answer
/// of one frame of 9 MB then stays with h2, where nobody sees that its client
/// takes nothing. In pieces it waits with the stream, which has a deadline.
const PIECE: usize = 64 * 1024;

pin_project! {
    /// The application's body, or ours in place of it, with the request that it
    /// ends.
    #[derive(Debug)]
    pub(super) struct ResponseBody<B: Body> {
        #[pin]
        theirs: Option<B>,
        // What is left of a large frame, or our own. Boxed: an idle connection
        // keeps room for a body, and most have neither.
        rest: Option<Box<Data<B::Data>>>,
        request: InFlight,
    }
}

/// A buffer of the application's, or a piece of one.
#[derive(Debug)]
pub(super) enum Data<D> {
    Piece(Bytes),
    Whole(D),
}

impl<B: Body> ResponseBody<B> {
    pub(super) fn theirs(body: B, request: InFlight) -> Self {
        Self {
            theirs: Some(body),
            rest: None,
            request,
        }
    }

    /// For HEAD.
    pub(super) fn none(request: InFlight) -> Self {
        Self {
            theirs: None,
            rest: None,
            request,
        }
    }

    pub(super) fn ours(body: Bytes, request: InFlight) -> Self {
        Self {
            theirs: None,
            rest: Some(Box::new(Data::Piece(body))),
            request,
        }
    }
}

impl<B: Body> Body for ResponseBody<B> {
    type Data = Data<B::Data>;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, B::Error>>> {
        let this = self.project();
        this.request.is_polled();
        let data = match (this.rest.take(), this.theirs.as_pin_mut()) {
            (Some(rest), _) => *rest,
            (None, None) => return Poll::Ready(None),
            (None, Some(body)) => {
                let frame = ready!(body.poll_frame(cx));
                this.request.has_polled();
                match frame.map(|frame| frame.map(Frame::into_data)) {
                    None => return Poll::Ready(None),
                    Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                    Some(Ok(Ok(data))) => Data::Whole(data),
                    Some(Ok(Err(other))) => {
                        let other = other.map_data(Data::Whole);
                        return Poll::Ready(Some(Ok(other)));
                    }
                }
            }
        };
        this.request.has_polled();
        let frame = match data {
            Data::Whole(mut data) if this.request.is_stream() && data.remaining() > PIECE => {
                let piece = data.copy_to_bytes(PIECE);
                *this.rest = Some(Box::new(Data::Whole(data)));
                Data::Piece(piece)
            }
            data => data,
        };
        Poll::Ready(Some(Ok(Frame::data(frame))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_none() && self.theirs.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.as_ref().map_or(0, |rest| rest.remaining()) as u64;
        let Some(body) = &self.theirs else {
            return SizeHint::with_exact(rest);
        };
        let mut hint = body.size_hint();
        if rest > 0 {
            if let Some(upper) = hint.upper() {
                hint.set_upper(upper.saturating_add(rest));
            }
            hint.set_lower(hint.lower().saturating_add(rest));
        }
        hint
    }
}

impl<D: Buf> Buf for Data<D> {
    fn remaining(&self) -> usize {
        match self {
            Self::Piece(data) => data.remaining(),
            Self::Whole(data) => data.remaining(),
        }
    }

    fn chunk(&self) -> &[u8] {
        match self {
            Self::Piece(data) => data.chunk(),
            Self::Whole(data) => data.chunk(),
        }
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        match self {
            Self::Piece(data) => data.chunks_vectored(slices),
            Self::Whole(data) => data.chunks_vectored(slices),
        }
    }

    fn advance(&mut self, count: usize) {
        match self {
            Self::Piece(data) => data.advance(count),
            Self::Whole(data) => data.advance(count),
        }
    }

    fn copy_to_bytes(&mut self, length: usize) -> Bytes {
        match self {
            Self::Piece(data) => data.copy_to_bytes(length),
            Self::Whole(data) => data.copy_to_bytes(length),
        }
    }
}
