//! Tests of the pool.

use super::*;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

#[test]
fn all_work_is_done_whoever_helps() {
    for pause in [0, 5] {
        thread::sleep(Duration::from_millis(pause));
        for _ in 0..200 {
            let (next, sum) = (AtomicUsize::new(0), AtomicUsize::new(0));
            let work = |_: usize| {
                loop {
                    let item = next.fetch_add(1, Ordering::Relaxed);
                    if item >= 100 {
                        break;
                    }
                    sum.fetch_add(item, Ordering::Relaxed);
                }
            };
            assisted(3, &work, || work(0));
            assert_eq!(sum.into_inner(), 4950);
        }
    }
}

#[test]
fn callers_in_many_threads_do_not_wait_for_each_other() {
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(all_work_is_done_whoever_helps);
        }
    });
}

#[test]
fn a_call_inside_a_call_computes_alone() {
    let inner = AtomicUsize::new(0);
    assisted(1, &|_| {}, || {
        assisted(1, &|_| {}, || inner.fetch_add(1, Ordering::Relaxed));
    });
    assert_eq!(inner.into_inner(), 1);
}

#[test]
fn a_panic_in_the_leader_frees_the_pool() {
    let failed = catch_unwind(|| assisted(1, &|_| {}, || panic!("as asked")));
    assert!(failed.is_err());
    all_work_is_done_whoever_helps();
}

#[test]
fn the_thread_count_is_read_from_text() {
    assert_eq!(parse(Some("3")), Ok(3));
    assert!(parse(None).unwrap() >= 1);
    for bad in ["0", "-1", "many", "1e3", "5000"] {
        let message = parse(Some(bad)).unwrap_err();
        assert!(message.contains(bad) && message.contains("\nhint: "), "{message}");
    }
}

#[test]
fn who_takes_little_longer_than_the_work_is_in_time() {
    let begun = Instant::now();
    thread::sleep(Duration::from_millis(40));
    let until = Instant::now() + Duration::from_millis(2);
    assert!(in_time(begun, || Instant::now() > until));
    let (begun, until) = (Instant::now(), Instant::now() + Duration::from_millis(20));
    assert!(!in_time(begun, || Instant::now() > until));
}
