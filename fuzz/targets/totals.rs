#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| azure_billing_exporter::fuzzing::totals(bytes));
