/**
 * A member's state and work under etcd's names, types and labels, so that its dashboards, alerts and scripts
 * find what they look for. Some that end in `_total` are gauges: they are in etcd.
 *
 * Read at a scrape; whatever is counted is counted where it happens.
 */

import type { MemberFigures } from '../member/figures.ts';
import type { PeerTransfers } from '../member/transfer-figures.ts';
import type { ServedMember } from '../member/types.ts';
import { Role } from '../raft/types.ts';
import { exponentialBounds, Histogram, type MetricKind, type Metrics } from '../util/metrics.ts';
import { AlarmType } from '../wire/cold-messages.ts';
import type { Versions } from './handler.ts';

function majorMinor(version: string): string {
  return version.split('.', 2).join('.');
}

/** etcd writes ids without leading zeros. */
function idText(id: string): string {
  return id.replace(/^0+(?=.)/, '');
}

const alarmNames: Readonly<Record<number, string>> = {
  [AlarmType.NoSpace]: 'NOSPACE',
  [AlarmType.Corrupt]: 'CORRUPT',
};

export function registerMemberMetrics(
  metrics: Metrics,
  member: ServedMember,
  versions: () => Versions,
): void {
  registerServer(metrics, member, versions);
  registerProposals(metrics, member);
  registerDisk(metrics, member);
  registerApplies(metrics, member);
  registerTransfers(metrics, member);
  registerStore(metrics, member);
  registerWatches(metrics, member);
  registerLeases(metrics, member);
}

function registerServer(metrics: Metrics, member: ServedMember, versions: () => Versions): void {
  const { clusterId } = member;
  const serverId = idText(member.id);
  const flag = (name: string, help: string, read: () => boolean): void =>
    metrics.gauge(name, help, () => (read() ? 1 : 0));
  const fact = (name: string, help: string, label: string, value: string): void =>
    metrics.family('gauge', name, help, (add) => add({ [label]: value }, 1));
  flag('etcd_server_has_leader', '1 while this member knows of a leader.', () => member.hasLeader);
  flag('etcd_server_is_leader', '1 while this member leads.', () => member.status().role === Role.Leader);
  flag('etcd_server_is_learner', '1 while this member has no vote.', () => member.isLearner);
  metrics.counter(
    'etcd_server_leader_changes_seen_total',
    'Times that a member came to lead.',
    () => member.figures().leaderChanges,
  );
  fact('etcd_server_id', 'The id of this member.', 'server_id', serverId);
  fact(
    'etcd_server_version',
    'The version of etcd that this member stands for.',
    'server_version',
    versions().server,
  );
  metrics.family('gauge', 'etcd_cluster_version', 'The version that all members have in common.', (add) => {
    add({ cluster_version: majorMinor(versions().cluster) }, 1);
  });
  fact('keelson_cluster_id', 'The id of the cluster.', 'cluster_id', idText(clusterId));
  metrics.gauge(
    'etcd_debugging_auth_revision',
    'The revision of users and roles.',
    () => member.auth.auth.revision,
  );
  metrics.family('gauge', 'etcd_debugging_server_alarms', 'Alarms that are raised.', (add) => {
    for (const { memberId, alarm } of member.alarms()) {
      add({ server_id: idText(memberId), alarm_type: alarmNames[alarm] ?? String(alarm) }, 1);
    }
  });
}

function registerProposals(metrics: Metrics, member: ServedMember): void {
  const gauge = (name: string, help: string, read: (member: ServedMember) => number): void =>
    metrics.gauge(name, help, () => read(member));
  const counter = (name: string, help: string, read: (figures: MemberFigures) => number): void =>
    metrics.counter(name, help, () => read(member.figures()));
  gauge(
    'etcd_server_proposals_committed_total',
    'Index of the last entry that a quorum has.',
    (m) => m.status().committedIndex,
  );
  gauge(
    'etcd_server_proposals_applied_total',
    'Index of the last entry that is applied here.',
    (m) => m.status().appliedIndex,
  );
  gauge(
    'etcd_server_proposals_pending',
    'Proposals that wait for their entry.',
    (m) => m.figures().proposalsPending,
  );
  counter(
    'etcd_server_proposals_failed_total',
    'Proposals that ended without being applied.',
    (f) => f.proposalsFailed,
  );
  counter(
    'etcd_server_slow_apply_total',
    'Times that entries took more than 100 ms to apply.',
    (f) => f.slowApplies,
  );
  counter(
    'etcd_server_slow_read_indexes_total',
    'Read rounds that had to be asked again.',
    (f) => f.slowReads,
  );
  counter(
    'etcd_server_read_indexes_failed_total',
    'Reads that no round confirmed in time.',
    (f) => f.failedReads,
  );
  counter(
    'etcd_server_heartbeat_send_failures_total',
    'Heartbeats of this leader that left late.',
    (f) => f.lateHeartbeats,
  );
  gauge(
    'etcd_server_snapshot_apply_in_progress_total',
    '1 while a state from the leader is put in force.',
    (m) => (m.figures().isInstalling ? 1 : 0),
  );
}

function registerDisk(metrics: Metrics, member: ServedMember): void {
  const { quotaBytes } = member.limits;
  // No limit is 0 in etcd.
  const quota = Number.isFinite(quotaBytes) ? quotaBytes : 0;
  const histogram = (name: string, help: string, read: (figures: MemberFigures) => Histogram): void =>
    metrics.histograms(name, help, (add) => add({}, read(member.figures())));
  metrics.gauge(
    'etcd_server_quota_backend_bytes',
    'Size of the state beyond which nothing more is put.',
    () => quota,
  );
  metrics.gauge(
    'etcd_mvcc_db_total_size_in_bytes',
    'Size of the state on disk.',
    () => member.status().dbSizeBytes,
  );
  metrics.gauge(
    'etcd_mvcc_db_total_size_in_use_in_bytes',
    'Size of what can still be read of it.',
    () => member.status().dbSizeInUseBytes,
  );
  histogram('etcd_disk_wal_fsync_duration_seconds', 'Syncs of the log.', ({ wal }) => wal.syncSeconds);
  histogram('etcd_disk_wal_write_duration_seconds', 'Writes to the log.', ({ wal }) => wal.writeSeconds);
  metrics.gauge(
    'etcd_disk_wal_write_bytes_total',
    'Bytes written to the log.',
    () => member.figures().wal.writtenBytes,
  );
  histogram(
    'etcd_disk_backend_commit_duration_seconds',
    'Flushes of the state to disk.',
    ({ flushSeconds }) => flushSeconds,
  );
  // Space comes back while the member works: it is never busy with that alone.
  metrics.gauge('etcd_disk_defrag_inflight', '1 while the state is rewritten and not served.', () => 0);
  metrics.histogram(
    'etcd_disk_backend_defrag_duration_seconds',
    'Times that the state was rewritten and not served.',
    new Histogram(exponentialBounds(0.1, 2, 13)),
  );
}

function registerApplies(metrics: Metrics, member: ServedMember): void {
  const name = 'etcd_server_apply_duration_seconds';
  metrics.histograms(name, 'How long requests took to be applied.', (add) => {
    for (const [op, { succeeded, refused }] of member.figures().applies) {
      add({ version: 'v3', op, success: 'true' }, succeeded);
      add({ version: 'v3', op, success: 'false' }, refused);
    }
  });
}

/** States that go to other members, and those that come from them. */
function registerTransfers(metrics: Metrics, member: ServedMember): void {
  for (const [way, label, what] of [
    ['send', 'To', 'sent to a member'],
    ['receive', 'From', 'received from a member'],
  ] as const) {
    const peers = (): MemberFigures['sends'] =>
      way === 'send' ? member.figures().sends : member.figures().receipts;
    const each = (
      kind: MetricKind,
      name: string,
      help: string,
      read: (figures: PeerTransfers) => number,
    ): void =>
      metrics.family(kind, `etcd_network_snapshot_${way}_${name}`, `States ${help}.`, (add) => {
        for (const [id, figures] of peers()) add({ [label]: idText(id) }, read(figures));
      });
    each('counter', 'success', what, ({ succeeded }) => succeeded);
    each('counter', 'failures', `that were to be ${what}`, ({ failed }) => failed);
    each('gauge', 'inflights_total', `that are being ${what}`, ({ running }) => running);
    metrics.histograms(
      `etcd_network_snapshot_${way}_total_duration_seconds`,
      `How long states took to be ${what}.`,
      (add) => {
        for (const [id, { seconds }] of peers()) add({ [label]: idText(id) }, seconds);
      },
    );
  }
}

function registerStore(metrics: Metrics, member: ServedMember): void {
  const counter = (name: string, help: string, read: (member: ServedMember) => number): void =>
    metrics.counter(name, help, () => read(member));
  const debugging = (name: string, help: string, read: (member: ServedMember) => number): void =>
    metrics.gauge(`etcd_debugging_mvcc_${name}`, help, () => read(member));
  counter('etcd_mvcc_range_total', 'Ranges read, those in txns included.', (m) => m.store.figures.ranges);
  counter('etcd_mvcc_put_total', 'Puts applied, those in txns included.', (m) => m.store.figures.puts);
  counter(
    'etcd_mvcc_delete_total',
    'Deletions applied, those in txns included.',
    (m) => m.store.figures.deletes,
  );
  counter('etcd_mvcc_txn_total', 'Txns.', (m) => m.store.figures.txns);
  debugging('keys_total', 'Keys that are there.', (m) => m.store.keyCount);
  debugging('current_revision', 'Revision of the newest write.', (m) => m.store.revision);
  debugging(
    'compact_revision',
    'Oldest revision that can be read; -1 when none was compacted.',
    (m) => m.store.compactRevision,
  );
  debugging('total_put_size_in_bytes', 'Bytes of keys and values put.', (m) => m.store.figures.putBytes);
  counter(
    'etcd_debugging_mvcc_db_compaction_keys_total',
    'Records that compactions have removed.',
    (m) => m.store.figures.compactedRecords,
  );
  const { compaction } = member.figures();
  debugging('db_compaction_last', 'When the last compaction ended, in seconds since 1970.', () =>
    Math.floor(compaction.endedAt / 1000),
  );
  metrics.histogram(
    'etcd_debugging_mvcc_db_compaction_pause_duration_milliseconds',
    'Steps of compactions.',
    compaction.steps,
  );
  metrics.histogram(
    'etcd_debugging_mvcc_db_compaction_total_duration_milliseconds',
    'Compactions, pauses included.',
    compaction.totals,
  );
}

function registerWatches(metrics: Metrics, member: ServedMember): void {
  const gauge = (name: string, help: string, read: () => number): void =>
    metrics.gauge(`etcd_debugging_mvcc_${name}`, help, read);
  const figures = () => member.store.watches.figures();
  gauge('watch_stream_total', 'Watch streams.', () => figures().streams);
  gauge('watcher_total', 'Watchers.', () => member.store.watches.watcherCount);
  gauge('slow_watcher_total', 'Watchers that are behind.', () => figures().slowWatchers);
  // A watcher that is behind is a place in the history, not a queue.
  gauge('pending_events_total', 'Events that are kept for single watchers.', () => 0);
  metrics.counter('etcd_debugging_mvcc_events_total', 'Events sent to watchers.', () => figures().sentEvents);
}

function registerLeases(metrics: Metrics, member: ServedMember): void {
  const counter = (name: string, help: string, read: (figures: MemberFigures) => number): void =>
    metrics.counter(name, help, () => read(member.figures()));
  counter('etcd_debugging_lease_granted_total', 'Leases granted.', ({ leases }) => leases.granted);
  counter('etcd_debugging_lease_revoked_total', 'Leases ended.', ({ leases }) => leases.revoked);
  counter(
    'etcd_debugging_lease_renewed_total',
    'Renewals by this leader.',
    ({ leasesRenewed }) => leasesRenewed,
  );
  counter(
    'etcd_debugging_server_lease_expired_total',
    'Leases that this leader found expired.',
    ({ leasesExpired }) => leasesExpired,
  );
  metrics.histogram(
    'etcd_debugging_lease_ttl_total',
    'Seconds that leases were granted for.',
    member.figures().leases.ttls,
  );
}
