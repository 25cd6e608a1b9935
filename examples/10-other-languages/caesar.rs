// Step 10: Rust. Moves each letter by thirteen.
//
//     rustc --edition 2021 -O --crate-type cdylib -C panic=abort -o caesar.so caesar.rs
//     portico call ./caesar.so --data 'Uryyb!'
//
// Whatever exports a C function can be a plugin. The ABI is small enough to be written down where
// it is used; what is more, `bindgen` makes it of portico.h. A panic must not leave `handle`, hence
// `panic=abort`: the worker is replaced, and the log says who did it.

use std::ffi::c_void;

/// A reply: copies `len` bytes from `data`, and answers how many wait for the client.
type Reply = extern "C" fn(data: *const c_void, len: usize) -> i64;

/// # Safety
/// `buffer` has `len` bytes until this returns: the host says so.
#[no_mangle]
pub unsafe extern "C" fn handle(buffer: *const c_void, len: usize, reply: Reply) -> isize {
    if len == 0 {
        return 0; // an empty datagram, whose buffer need not be one
    }
    let bytes = unsafe { std::slice::from_raw_parts(buffer.cast::<u8>(), len) };
    let moved: Vec<u8> = bytes.iter().map(|byte| rotate(*byte)).collect();
    reply(moved.as_ptr().cast(), moved.len());
    len as isize
}

fn rotate(byte: u8) -> u8 {
    match byte {
        b'a'..=b'z' => b'a' + (byte - b'a' + 13) % 26,
        b'A'..=b'Z' => b'A' + (byte - b'A' + 13) % 26,
        _ => byte,
    }
}
