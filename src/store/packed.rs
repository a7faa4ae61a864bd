//! The last good copy of a calendar as stores keep it: compressed, and not unpacked beyond a limit.

use super::LookOutcome;
use flate2::Compression;
use flate2::read::{GzDecoder, GzEncoder};
use std::io::Read as _;

/// Compresses the new body of a look: before the transaction, since others wait for that.
pub(super) fn compress(outcome: &LookOutcome) -> Vec<u8> {
    let mut packed = Vec::new();
    if let LookOutcome::New { body, .. } = outcome {
        // From memory to memory this cannot fail. If it did, the copy would be found damaged and fetched again.
        if let Err(error) = GzEncoder::new(body.as_slice(), Compression::fast()).read_to_end(&mut packed) {
            log::error!("a calendar cannot be compressed: {error}");
        }
    }
    packed
}

/// The body, when it is whole and not longer than `longest`.
pub(super) fn decompress(packed: &[u8], longest: usize) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    let most = u64::try_from(longest).unwrap_or(u64::MAX).saturating_add(1);
    let read = GzDecoder::new(packed).take(most).read_to_end(&mut body);
    (read.is_ok() && body.len() <= longest).then_some(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Validators;

    fn packed(body: &[u8]) -> Vec<u8> {
        compress(&LookOutcome::New { body: body.to_vec(), validators: Validators::default() })
    }

    #[test]
    fn a_damaged_copy_is_none() {
        let mut packed = packed(b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n");
        assert_eq!(decompress(&packed[..packed.len() - 9], 100), None);
        packed[12] ^= 0x55;
        assert_eq!((decompress(&packed, 100), decompress(b"", 100), decompress(b"hello", 100)), (None, None, None));
    }

    #[test]
    fn a_bomb_is_not_unpacked_beyond_the_limit() {
        let bomb = packed(&vec![b'x'; 4_000_000]);
        assert!(bomb.len() < 50_000);
        assert_eq!(decompress(&bomb, 1000), None);
    }
}
