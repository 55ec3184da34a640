//! A request beside its connection, without a task of its own.

use std::error::Error;
use std::pin::pin;

use tokio::select;

type BoxError = Box<dyn Error + Send + Sync>;

/// The answer, while the connection is driven: it may end before the answer is
/// read to its end.
pub(crate) async fn alongside<T, E>(
    answer: impl Future<Output = Result<T, BoxError>>,
    connection: impl Future<Output = Result<(), E>>,
) -> Result<T, BoxError>
where
    E: Into<BoxError>,
{
    let mut answer = pin!(answer);
    select! {
        biased;
        answer = answer.as_mut() => return answer,
        ended = connection => ended.map_err(Into::into)?,
    }
    answer.await
}
