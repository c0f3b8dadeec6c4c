#![no_main]

libfuzzer_sys::fuzz_target!(|input: tcp_lifecycle_fuzz::wire::Input<'_>| input.run());
