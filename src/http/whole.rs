//! A request leaves as a whole: its head waits here until the first bytes of its body come, or an answer is awaited.
//!
//! Up to then nothing of it has left, and that is the moment to look at a connection which has served a request before.
//! One that its peer has closed meanwhile, on which something came that nobody asked for, or that was idle for too long is
//! not used: a request on it would be lost, and nobody would know whether it was taken. The error says so, and is the
//! proof that not one byte has left: the same request may go out on another connection.
//!
//! What the peer does after this look cannot be known; from the first byte on the outcome is open.

use ureq::unversioned::transport::{Buffers, NextTimeout, Transport};
use ureq::{Error, Timeout};

/// The kept connection was no longer good. Nothing of the request has left.
#[derive(Debug, thiserror::Error)]
#[error("the connection that was kept is closed")]
struct Stale;

/// Is it that of [`Whole`]?
pub(crate) fn is_stale(error: &Error) -> bool {
    matches!(error, Error::Other(why) if why.is::<Stale>())
}

/// The outermost transport of a connection.
#[derive(Debug)]
pub(super) struct Whole<T> {
    inner: T,
    head: Vec<u8>,
    /// Bytes of a request have left, and nothing of its answer has come.
    begun: bool,
    /// An answer has come over it.
    kept: bool,
}

impl<T: Transport> Whole<T> {
    pub(super) fn new(inner: T) -> Self {
        Self { inner, head: Vec::new(), begun: false, kept: false }
    }

    /// Sends the head and so many bytes of what stands in the output buffer.
    fn send(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let mut whole = std::mem::take(&mut self.head);
        if self.kept && !self.inner.is_open() {
            return Err(Error::Other(Box::new(Stale)));
        }
        self.begun = true;
        let output = self.inner.buffers().output();
        whole.extend_from_slice(output.get(..amount).ok_or(Error::ConnectionFailed)?);
        for part in whole.chunks(output.len().max(1)) {
            self.inner.buffers().output().get_mut(..part.len()).ok_or(Error::ConnectionFailed)?.copy_from_slice(part);
            self.inner.transmit_output(part.len(), timeout)?;
        }
        Ok(())
    }
}

impl<T: Transport> Transport for Whole<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        if self.begun {
            return self.inner.transmit_output(amount, timeout);
        }
        if !self.head.is_empty() {
            return self.send(amount, timeout);
        }
        self.head.extend_from_slice(self.inner.buffers().output().get(..amount).ok_or(Error::ConnectionFailed)?);
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        // A request without a body.
        if !self.head.is_empty() {
            self.send(0, NextTimeout { reason: Timeout::SendRequest, ..timeout })?;
        }
        let came = self.inner.await_input(timeout)?;
        (self.begun, self.kept) = (false, true);
        Ok(came)
    }

    fn is_open(&mut self) -> bool {
        self.head.is_empty() && !self.begun && self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}
