/**
 * Where Keelson differs from etcd on purpose. What is different here and not in this table is a mistake. Names of RPCs,
 * flags, paths and metrics are those of the tables on the page, where the text stands beside them; `general` stands by
 * itself.
 */

/** By `Service/Method`, path or metric. */
export const notes: Readonly<Record<string, string>> = {
  'KV/Range':
    'An answer beyond 512 KiB is read in chunks of one revision; four such requests run at a time, the others wait.',
  'KV/Txn':
    'All guards are evaluated and all operations checked before the first one runs: a refused txn changes nothing on any member.',
  'KV/Compact': 'Works in short steps that pace themselves.',
  'KV/RangeStream': 'Sent as the client takes it, from one revision. No path in the gateway, as in etcd.',
  'Watch/Watch':
    'Like watchers share events and their encoding; a slow one is a place in the history and holds no events. ' +
    'At most 1,000,000 watchers per member; more are refused in band with `too many requests`. What is read from history comes in ' +
    'answers of a bounded size, cut between revisions, where etcd puts up to 1,000 revisions into one.',
  'Lease/LeaseGrant':
    'A TTL that is too short is raised before it is proposed. etcd raises it when it is applied, by the election timeout of each member, which may differ.',
  'Lease/LeaseKeepAlive':
    'The renewals of a stream are answered as they are confirmed, which need not be the order in which they came: go by the id.',
  'Maintenance/Defragment':
    'Nothing has to stop for it: the member serves on, and answers when the space is free.',
  'Maintenance/Hash':
    'The same on members that have applied and removed the same; not the number that etcd makes of its database.',
  'Maintenance/HashKV':
    'The same number as etcd’s for the same history. Of the revision of a compaction etcd may tell the hash that it made ' +
    'then, with the compaction before as `compact_revision`; and after a restore that raises revisions etcd counts a record ' +
    'without a key, too.',
  'Maintenance/Snapshot':
    'A database in the format of bbolt with its checksum: `etcdutl snapshot status` and `restore` take it.',
  'Maintenance/Downgrade':
    'The versions of cluster and storage are lowered at once, and raised again when it is canceled. The data is the same in both versions.',
  'Maintenance/Alarm':
    'CORRUPT is raised when members have applied different things: they compare digests of it every few seconds. The one that ' +
    'differs from the majority is named, answers nobody, rebuilds itself from the leader and ends the alarm (`--experimental-self-repair`).',
  'Auth/RoleGrantPermission':
    'What is granted for a range takes the place of what was granted for it. etcd keeps both where another range of the role ' +
    'begins at the same key.',
  'Election/Observe': 'Who may not read is told so; etcd ends the stream without a word.',
  'ServerReflection/ServerReflectionInfo': 'Keelson’s own: etcd does not serve reflection.',
  '/debug/vars':
    'Raft’s state as this member sees it, and memory as far as JavaScript knows it. Without the command line, the vote and the progress of others.',
  '/debug/pprof/': 'Profiles of Go’s runtime.',
  '/debug/requests': 'Traces of Go’s runtime.',
  etcd_server_go_version: 'There is no Go in it.',
  etcd_server_feature_enabled:
    'As `--feature-gates` says; of those without an effect as etcd would have them.',
  etcd_mvcc_db_open_read_transactions: 'Of bbolt.',
  etcd_disk_backend_commit_duration_seconds:
    'Flushes of the state: after 8 MiB or a second, none while nothing is written.',
  etcd_server_range_duration_seconds: 'Ranges alone; of a large one, up to its first chunk.',
  etcd_network_server_stream_failures_total: 'Streams that this member ended with an error.',
  etcd_server_request_duration_seconds: 'See `grpc_server_handling_seconds`.',
  etcd_disk_backend_defrag_duration_seconds: 'Stays empty: space is given back while the member serves.',
  etcd_disk_defrag_inflight: 'Always 0, for the same reason.',
  etcd_mvcc_txn_total:
    'Every txn. etcd counts what does more than one thing at once, a put that tells the previous pair included.',
  etcd_mvcc_range_total:
    'Ranges by request. etcd counts what compares, puts and deletions read on their way, too.',
  etcd_mvcc_db_total_size_in_bytes: 'The files of the state.',
  etcd_debugging_mvcc_pending_events_total:
    'Always 0: a slow watcher is a place in the history, not a queue.',
  etcd_debugging_mvcc_index_compaction_pause_duration_milliseconds:
    'The index is compacted in the same steps as the rest.',
  etcd_snap_fsync_duration_seconds: 'There are no snapshot files beside the state.',
  etcd_snap_db_fsync_duration_seconds: 'There are no snapshot files beside the state.',
  etcd_snap_db_save_total_duration_seconds: 'There are no snapshot files beside the state.',
  grpc_server_handling_seconds: 'Told with `--metrics extensive`, as in etcd.',
};

/** Title to what is different, and why. */
export const general: readonly (readonly [title: string, text: string])[] = [
  [
    'Storage',
    'The state is on LevelDB, the log in files of our own. A data directory of etcd is refused, not used in place: `keelson restore` ' +
      'makes one from it, or from a snapshot; `keelson ctl snapshot save` makes a file that `etcdutl snapshot restore` accepts.',
  ],
  [
    'Peers',
    'Members of Keelson speak a protocol of their own: a cluster is either of Keelson or of etcd, and not mixed.',
  ],
  [
    'Log',
    'Requests that arrive together share an entry of the log. An index of Raft, as `endpoint status` and the counters of ' +
      'proposals tell it, therefore grows by less than the number of writes while many clients write at once.',
  ],
  [
    'Transactions',
    'Members of etcd 3.5 that are not asked leave out what a txn reads. One that is refused for a range in it, at a future or a ' +
      'compacted revision or without permission for it, is therefore applied by them, and members differ from then on. Keelson ' +
      'checks all of it on every member, before anything is done.',
  ],
  [
    'Permissions',
    'Two checks are stricter than in some releases of etcd, which let more pass than they document: a put inside of a txn ' +
      'needs what a put alone does, and a watch to the end of the keyspace needs permission to the end. Of a range that ends ' +
      'before it begins, and so holds no key, permission for its begin is asked; what etcd says to it depends on the order ' +
      'in which permissions were granted.',
  ],
  [
    'Empty ends',
    'A `range_end` that is empty asks for one key, written out or left out, as protobuf means it. To etcd a range, or a txn that only ' +
      'reads, whose message writes the empty end out asks for all keys from there on, which permission for the one key suffices for.',
  ],
  [
    'Leases',
    'What is left of a lease is always replicated, as etcd does with `LeaseCheckpoint`. A new leader gives what was left at the last checkpoint and an election timeout more: never less.',
  ],
  [
    'Gateway',
    'It calls the methods without a connection of its own, so that `--max-concurrent-streams` counts the streams of gRPC alone. ' +
      'A refusal names its text twice, as `message` and, as before etcd 3.6, as `error`. What is wrong with a JSON text is said ' +
      'in words of our own. Over a WebSocket single calls are answered, too, and its end is said with a close frame.',
  ],
  [
    'Elections',
    'A lost link to the leader begins a pre-vote at once, so that the death of a process is noticed in less than an election timeout. The first leader of a new cluster leads in term 1, where etcd’s leads in term 2.',
  ],
  [
    'Versions',
    'Keelson answers as etcd 3.7 does, to whoever asks for the version. The names with `experimental-` that 3.7 dropped are still taken. ' +
      'What a learner does not serve has the code FAILED_PRECONDITION since 3.6: Go clients before that do not go on to another member.',
  ],
];

export interface ReleaseDifference {
  /** The first releases that answer as Keelson does, one for each line of releases that was still mended. */
  readonly since: readonly string[];
  readonly text: string;
}

/** Where releases of etcd differ among themselves, as far as the comparisons with etcd 3.4 and 3.5 have met it. */
export const olderReleases = {
  leaseAccess: {
    since: ['3.4.42', '3.5.28', '3.6.9'],
    text: 'Leases are for users only, and their keys for those who may read or write them.',
  },
  rootFirst: {
    since: ['3.4.42', '3.5.28', '3.6.9'],
    text: 'What only root may do is refused to others before anything else.',
  },
  rootRefusals: {
    since: ['3.6.0'],
    text: 'Who may not ask for hashes, snapshots and defragmentation is refused as elsewhere.',
  },
  namedReads: {
    since: ['3.4.42', '3.5.28', '3.6.9'],
    text: 'Members and alarms are told to users only, and the status to root.',
  },
  authenticateWithToken: { since: ['3.5.0'], text: 'Who authenticates may show a bad token.' },
  authStatus: { since: ['3.7.0'], text: 'Whether auth is on is told to everybody.' },
  downgrade: { since: ['3.5.0'], text: 'A cluster may be downgraded.' },
  sortOrder: {
    since: ['3.6.0'],
    text: 'An order that does not exist is refused; as a sort target it ended etcd.',
  },
  downgradeCancel: { since: ['3.6.0'], text: 'A downgrade that nobody asked for can be canceled.' },
  hashPath: { since: ['3.5.0'], text: 'The gateway has a path of its own for the hash of a revision.' },
  hashRevision: { since: ['3.6.0'], text: 'The hash tells its revision.' },
  hashOfTombstones: {
    since: ['3.4.34', '3.5.16', '3.6.0'],
    text: 'A compaction keeps the deletion at its own revision, so that hashes differ.',
  },
  rootRole: { since: ['3.6.0'], text: 'The role root is shown with the permission that it has.' },
} as const satisfies Readonly<Record<string, ReleaseDifference>>;
