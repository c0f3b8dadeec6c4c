#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| tcp_lifecycle_fuzz::script::run(text));
