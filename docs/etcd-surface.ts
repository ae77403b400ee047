/**
 * What etcd 3.7 shows beside its RPCs and flags: paths of HTTP and names of metrics. Those are what scripts, dashboards and
 * alerts know; the page of compatibility holds what is served against them.
 */

/** Served at the client port. Those of the JSON gateway are in `src/http/gateway-paths.ts`. */
export const etcdPaths: readonly string[] = [
  '/health',
  '/livez',
  '/livez/serializable_read',
  '/readyz',
  '/readyz/data_corruption',
  '/readyz/linearizable_read',
  '/readyz/non_learner',
  '/readyz/serializable_read',
  '/version',
  '/metrics',
  '/debug/vars',
  '/debug/pprof/',
  '/debug/requests',
];

/** Names by the part that they have in common. */
const metricGroups: readonly (readonly [prefix: string, names: string])[] = [
  [
    'etcd_server_',
    'has_leader is_leader is_learner leader_changes_seen_total id version go_version feature_enabled ' +
      'proposals_committed_total proposals_applied_total proposals_pending proposals_failed_total ' +
      'slow_apply_total slow_read_indexes_total read_indexes_failed_total heartbeat_send_failures_total ' +
      'apply_duration_seconds range_duration_seconds request_duration_seconds quota_backend_bytes ' +
      'client_requests_total health_success health_failures healthcheck healthchecks_total ' +
      'learner_promote_successes learner_promote_failures snapshot_apply_in_progress_total',
  ],
  ['etcd_cluster_', 'version'],
  [
    'etcd_mvcc_',
    'db_total_size_in_bytes db_total_size_in_use_in_bytes db_open_read_transactions ' +
      'range_total put_total delete_total txn_total hash_duration_seconds hash_rev_duration_seconds',
  ],
  [
    'etcd_disk_',
    'wal_fsync_duration_seconds wal_write_duration_seconds wal_write_bytes_total backend_commit_duration_seconds ' +
      'backend_defrag_duration_seconds backend_snapshot_duration_seconds defrag_inflight',
  ],
  ['etcd_snap_', 'fsync_duration_seconds db_fsync_duration_seconds db_save_total_duration_seconds'],
  [
    'etcd_debugging_mvcc_',
    'keys_total watch_stream_total watcher_total slow_watcher_total pending_events_total current_revision ' +
      'compact_revision total_put_size_in_bytes db_compaction_last events_total db_compaction_keys_total ' +
      'db_compaction_pause_duration_milliseconds db_compaction_total_duration_milliseconds ' +
      'index_compaction_pause_duration_milliseconds',
  ],
  [
    'etcd_debugging_',
    'lease_granted_total lease_revoked_total lease_renewed_total lease_ttl_total server_lease_expired_total ' +
      'auth_revision server_alarms',
  ],
  [
    'etcd_network_',
    'client_grpc_received_bytes_total client_grpc_sent_bytes_total peer_sent_bytes_total ' +
      'peer_received_bytes_total peer_sent_failures_total peer_received_failures_total ' +
      'peer_round_trip_time_seconds active_peers known_peers disconnected_peers_total ' +
      'server_stream_failures_total snapshot_send_success snapshot_send_failures ' +
      'snapshot_send_total_duration_seconds snapshot_send_inflights_total snapshot_receive_success ' +
      'snapshot_receive_failures snapshot_receive_total_duration_seconds snapshot_receive_inflights_total',
  ],
  ['grpc_server_', 'started_total msg_received_total msg_sent_total handled_total handling_seconds'],
  [
    'process_',
    'resident_memory_bytes cpu_seconds_total open_fds max_fds start_time_seconds virtual_memory_bytes ' +
      'virtual_memory_max_bytes network_receive_bytes_total network_transmit_bytes_total',
  ],
  ['os_fd_', 'used limit'],
];

export const etcdMetrics: readonly string[] = metricGroups.flatMap(([prefix, names]) =>
  names.split(' ').map((name) => prefix + name),
);
