//! The hot pieces by themselves: `cargo bench --bench pieces`.
#![allow(missing_docs, reason = "what criterion's macros make has none")]

use std::hint::black_box;
use std::io::{self, Read, Write};
use std::time::Duration;

use criterion::{
    BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime,
};
use uuid::Uuid;
use vhd_porter::stream::{Algorithm, DigestReader, GzipReader, GzipWriter, Level, SparseWriter};
use vhd_porter::vhd::{Memory, Scope, VhdTime, check, create_dynamic};

/// Bytes of content.
const LEN: usize = 16 << 20;

fn contents() -> [(&'static str, Vec<u8>); 3] {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    let noise = (0..LEN).map(|_| next()).collect();
    let text =
        (0u64..).flat_map(|n| format!("line {n} of {}\n", n * n % 977).into_bytes()).take(LEN).collect();
    [("text", text), ("noise", noise), ("zeros", vec![0; LEN])]
}

fn packed(content: &[u8], level: Level) -> io::Result<Vec<u8>> {
    let mut writer = GzipWriter::new(Vec::with_capacity(LEN), level, 1)?;
    writer.write_all(content)?;
    writer.finish()
}

fn group<'a>(criterion: &'a mut Criterion, name: &str) -> BenchmarkGroup<'a, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Bytes(LEN as u64)).sample_size(10).measurement_time(Duration::from_secs(3));
    group
}

fn streams(criterion: &mut Criterion) {
    for (name, content) in &contents() {
        let mut compress = group(criterion, "compress on one thread");
        for level in [1, 6, 9] {
            compress.bench_function(format!("{name}, level {level}"), |b| {
                b.iter(|| packed(black_box(content), Level::Deflate(level)).expect("memory takes it"));
            });
        }
        compress.finish();
        let image = packed(content, Level::DEFAULT).expect("memory takes it");
        let mut decode = group(criterion, "decode on one thread");
        decode.bench_function(*name, |b| {
            let mut out = vec![0; 1 << 20];
            b.iter(|| {
                let mut reader = GzipReader::new(black_box(&image[..]), 1).expect("it is gzip");
                while reader.read(&mut out).expect("it is whole") > 0 {}
            });
        });
        decode.finish();
        let mut sparse = group(criterion, "write sparsely");
        sparse.bench_function(*name, |b| {
            b.iter(|| {
                let mut writer = SparseWriter::new(tempfile::tempfile().expect("there is room"));
                writer.write_all(black_box(content)).expect("there is room");
                writer.finish().expect("there is room")
            });
        });
        sparse.finish();
    }
}

fn digests(criterion: &mut Criterion) {
    let [(_, content), ..] = &contents();
    let mut group = group(criterion, "digest");
    for algorithm in [Algorithm::Md5, Algorithm::Sha256, Algorithm::Sha512] {
        group.bench_function(algorithm.to_string(), |b| {
            b.iter(|| {
                let mut reader =
                    DigestReader::new(black_box(&content[..]), &[algorithm]).expect("a thread starts");
                io::copy(&mut reader, &mut io::sink()).expect("memory is read");
                reader.finish().expect("the thread ends")
            });
        });
    }
    group.finish();
}

fn checks(criterion: &mut Criterion) {
    let now = VhdTime(700_000_000);
    let image =
        create_dynamic(Memory::default(), 40 << 30, Uuid::from_u128(1), now).expect("memory takes it");
    let storage = image.into_storage();
    criterion.bench_function("check an empty disk of 40 GiB", |b| {
        b.iter(|| check(black_box(&storage), Scope::Repository, now).expect("memory is read"));
    });
}

criterion_group!(benches, streams, digests, checks);
criterion_main!(benches);
