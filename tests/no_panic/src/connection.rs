//! [`Connection`], for any connection, any arguments, any time.

use core::hint::black_box;
use core::ops::Range;

use no_panic::no_panic;
use tcp_lifecycle::{
    CallError, Config, Connection, IcmpError, Instant, Open, Output, Policy, Refusal, Segment, SeqNumber, Signal,
    State, Status, TimeWait,
};

#[no_panic]
fn new(config: &Config, isn_offset: u32) -> Connection {
    Connection::new(config, isn_offset)
}

#[no_panic]
fn open(connection: &mut Connection, open: Open, now: Instant) -> Result<(), CallError> {
    connection.open(open, now)
}

#[no_panic]
fn send(connection: &mut Connection, bytes: usize, now: Instant) -> Result<(), CallError> {
    connection.send(bytes, now)
}

#[no_panic]
fn send_urgent(connection: &mut Connection, bytes: usize, now: Instant) -> Result<(), CallError> {
    connection.send_urgent(bytes, now)
}

#[no_panic]
fn receive(connection: &mut Connection, bytes: usize) -> Result<(), CallError> {
    connection.receive(bytes)
}

#[no_panic]
fn close(connection: &mut Connection, now: Instant) -> Result<(), CallError> {
    connection.close(now)
}

#[no_panic]
fn abort(connection: &mut Connection) -> Result<(), CallError> {
    connection.abort()
}

#[no_panic]
fn state(connection: &Connection) -> State {
    connection.state()
}

#[no_panic]
fn status(connection: &Connection) -> Status {
    connection.status()
}

#[no_panic]
fn segment_arrives(connection: &mut Connection, segment: &Segment, now: Instant) -> Result<Range<usize>, Refusal> {
    connection.segment_arrives(segment, now)
}

#[no_panic]
fn timeout(connection: &mut Connection, now: Instant) {
    connection.timeout(now);
}

#[no_panic]
fn poll(connection: &mut Connection, now: Instant) -> Output {
    connection.poll(now)
}

#[no_panic]
fn deadline(connection: &Connection) -> Option<Instant> {
    connection.deadline()
}

#[no_panic]
fn set_isn_offset(connection: &mut Connection, isn_offset: u32) {
    connection.set_isn_offset(isn_offset);
}

#[no_panic]
fn configure(connection: &mut Connection, config: &Config) {
    connection.configure(config);
}

#[no_panic]
fn limit(connection: &mut Connection, in_flight: u32) {
    connection.limit(in_flight);
}

#[no_panic]
fn retransmit(connection: &mut Connection, range: Range<usize>) -> Result<(), CallError> {
    connection.retransmit(range)
}

#[no_panic]
fn congestion_experienced(connection: &mut Connection) {
    connection.congestion_experienced();
}

#[no_panic]
fn congestion_window_reduced(connection: &mut Connection) {
    connection.congestion_window_reduced();
}

#[no_panic]
fn reopens(connection: &Connection, syn: &Segment, now: Instant) -> Option<u32> {
    connection.reopens(syn, now)
}

#[no_panic]
fn icmp(connection: &mut Connection, error: IcmpError, quoted: SeqNumber) -> Result<(), Refusal> {
    connection.icmp(error, quoted)
}

#[no_panic]
fn time_wait(connection: &Connection) -> Option<TimeWait> {
    connection.time_wait()
}

#[no_panic]
fn clone(connection: &Connection) -> Connection {
    connection.clone()
}

#[no_panic]
fn eq(connection: &Connection, other: &Connection) -> bool {
    connection == other
}

#[no_panic]
fn detach(connection: &mut Connection, now: Instant) -> Result<(), CallError> {
    connection.detach(now)
}

#[no_panic]
fn acknowledge_now(connection: &mut Connection) {
    connection.acknowledge_now();
}

#[no_panic]
fn take_over_recovery(connection: &mut Connection) {
    connection.take_over_recovery();
}

fn restart_retransmission_timer(connection: &mut Connection, now: Instant) {
    connection.restart_retransmission_timer(now);
}

#[no_panic]
fn rebase_clock(connection: &mut Connection, was: Instant, now: Instant) {
    connection.rebase_clock(was, now);
}

#[no_panic]
fn reserve_options(connection: &mut Connection, bytes: u8) {
    connection.reserve_options(bytes);
}

#[no_panic]
fn accept(config: &Config, isn_offset: u32, syn: &Segment, now: Instant) -> Result<Connection, Refusal> {
    Connection::accept(config, isn_offset, syn, now)
}

#[no_panic]
fn with_policy(policy: Policy, isn_offset: u32) -> Connection {
    Connection::with_policy(policy, isn_offset)
}

#[no_panic]
fn accept_with_policy(policy: Policy, isn_offset: u32, syn: &Segment, now: Instant) -> Result<Connection, Refusal> {
    Connection::accept_with_policy(policy, isn_offset, syn, now)
}

#[no_panic]
fn set_policy(connection: &mut Connection, policy: Policy) {
    connection.set_policy(policy);
}

#[no_panic]
fn policy(config: &Config) -> Policy {
    Policy::new(config)
}

#[no_panic]
fn config(connection: &Connection) -> Config {
    connection.config()
}

#[no_panic]
fn set_timestamp_offset(connection: &mut Connection, offset: u16) {
    connection.set_timestamp_offset(offset);
}

#[no_panic]
fn isn_offsets(connection: &Connection, iss: SeqNumber, now: Instant) -> [u32; 2] {
    [Connection::isn_offset_for(iss, now), connection.next_isn_offset(now)]
}

#[no_panic]
fn may(connection: &Connection) -> [bool; 2] {
    [connection.may_send(), connection.is_drained()]
}

#[no_panic]
fn numbers(connection: &Connection) -> [Option<SeqNumber>; 3] {
    [connection.snd_una(), connection.snd_nxt(), connection.rcv_nxt()]
}

#[no_panic]
fn windows(connection: &Connection) -> [Option<u32>; 2] {
    [connection.snd_wnd(), connection.rcv_wnd()]
}

#[no_panic]
fn counts(connection: &Connection) -> [u32; 3] {
    [connection.in_flight(), connection.unsent(), connection.unread()]
}

#[no_panic]
fn into_time_wait(connection: Connection) -> Result<TimeWait, Connection> {
    connection.into_time_wait()
}

#[no_panic]
fn reassembled(connection: &Connection, kept: &Segment, filler: &Segment) -> Segment {
    connection.reassembled(kept, filler)
}

#[no_panic]
fn is_end(signal: Signal) -> bool {
    signal.is_end()
}

pub(crate) fn keep() {
    black_box(new as fn(&_, _) -> _);
    black_box(open as fn(&mut _, _, _) -> _);
    black_box(send as fn(&mut _, _, _) -> _);
    black_box(send_urgent as fn(&mut _, _, _) -> _);
    black_box(receive as fn(&mut _, _) -> _);
    black_box(close as fn(&mut _, _) -> _);
    black_box(abort as fn(&mut _) -> _);
    black_box(state as fn(&_) -> _);
    black_box(status as fn(&_) -> _);
    black_box(segment_arrives as fn(&mut _, &_, _) -> _);
    black_box(timeout as fn(&mut _, _));
    black_box(poll as fn(&mut _, _) -> _);
    black_box(deadline as fn(&_) -> _);
    black_box(set_isn_offset as fn(&mut _, _));
    black_box(configure as fn(&mut _, &_));
    black_box(limit as fn(&mut _, _));
    black_box(retransmit as fn(&mut _, _) -> _);
    black_box(congestion_experienced as fn(&mut _));
    black_box(congestion_window_reduced as fn(&mut _));
    black_box(reopens as fn(&_, &_, _) -> _);
    black_box(icmp as fn(&mut _, _, _) -> _);
    black_box(time_wait as fn(&_) -> _);
    black_box(clone as fn(&_) -> _);
    black_box(eq as fn(&_, &_) -> _);
    black_box(detach as fn(&mut _, _) -> _);
    black_box(acknowledge_now as fn(&mut _));
    black_box(take_over_recovery as fn(&mut _));
    black_box(restart_retransmission_timer as fn(&mut _, _));
    black_box(rebase_clock as fn(&mut _, _, _));
    black_box(reserve_options as fn(&mut _, _));
    black_box(accept as fn(&_, _, &_, _) -> _);
    black_box(with_policy as fn(_, _) -> _);
    black_box(accept_with_policy as fn(_, _, &_, _) -> _);
    black_box(set_policy as fn(&mut _, _));
    black_box(policy as fn(&_) -> _);
    black_box(config as fn(&_) -> _);
    black_box(set_timestamp_offset as fn(&mut _, _));
    black_box(isn_offsets as fn(&_, _, _) -> _);
    black_box(may as fn(&_) -> _);
    black_box(numbers as fn(&_) -> _);
    black_box(windows as fn(&_) -> _);
    black_box(counts as fn(&_) -> _);
    black_box(into_time_wait as fn(_) -> _);
    black_box(reassembled as fn(&_, &_, &_) -> _);
    black_box(is_end as fn(_) -> _);
}
