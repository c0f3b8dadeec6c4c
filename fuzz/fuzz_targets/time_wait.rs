#![no_main]

libfuzzer_sys::fuzz_target!(|input: tcp_lifecycle_fuzz::time_wait::Input| input.run());
