/** The surface of etcd 3.7 as tables: what the contracts in `proto/` have to say. */

/** Service to its methods: name, kind (unary, server stream, both streams), request, response. */
export const serviceTable: Readonly<Record<string, string>> = {
  'etcdserverpb.KV': `
    Range U RangeRequest RangeResponse
    Put U PutRequest PutResponse
    DeleteRange U DeleteRangeRequest DeleteRangeResponse
    Txn U TxnRequest TxnResponse
    Compact U CompactionRequest CompactionResponse
    RangeStream SS RangeRequest RangeStreamResponse`,
  'etcdserverpb.Watch': 'Watch BS WatchRequest WatchResponse',
  'etcdserverpb.Lease': `
    LeaseGrant U LeaseGrantRequest LeaseGrantResponse
    LeaseRevoke U LeaseRevokeRequest LeaseRevokeResponse
    LeaseKeepAlive BS LeaseKeepAliveRequest LeaseKeepAliveResponse
    LeaseTimeToLive U LeaseTimeToLiveRequest LeaseTimeToLiveResponse
    LeaseLeases U LeaseLeasesRequest LeaseLeasesResponse`,
  'etcdserverpb.Cluster': `
    MemberAdd U MemberAddRequest MemberAddResponse
    MemberRemove U MemberRemoveRequest MemberRemoveResponse
    MemberUpdate U MemberUpdateRequest MemberUpdateResponse
    MemberList U MemberListRequest MemberListResponse
    MemberPromote U MemberPromoteRequest MemberPromoteResponse`,
  'etcdserverpb.Maintenance': `
    Alarm U AlarmRequest AlarmResponse
    Status U StatusRequest StatusResponse
    Defragment U DefragmentRequest DefragmentResponse
    Hash U HashRequest HashResponse
    HashKV U HashKVRequest HashKVResponse
    Snapshot SS SnapshotRequest SnapshotResponse
    MoveLeader U MoveLeaderRequest MoveLeaderResponse
    Downgrade U DowngradeRequest DowngradeResponse`,
  'etcdserverpb.Auth': `
    AuthEnable U AuthEnableRequest AuthEnableResponse
    AuthDisable U AuthDisableRequest AuthDisableResponse
    AuthStatus U AuthStatusRequest AuthStatusResponse
    Authenticate U AuthenticateRequest AuthenticateResponse
    UserAdd U AuthUserAddRequest AuthUserAddResponse
    UserGet U AuthUserGetRequest AuthUserGetResponse
    UserList U AuthUserListRequest AuthUserListResponse
    UserDelete U AuthUserDeleteRequest AuthUserDeleteResponse
    UserChangePassword U AuthUserChangePasswordRequest AuthUserChangePasswordResponse
    UserGrantRole U AuthUserGrantRoleRequest AuthUserGrantRoleResponse
    UserRevokeRole U AuthUserRevokeRoleRequest AuthUserRevokeRoleResponse
    RoleAdd U AuthRoleAddRequest AuthRoleAddResponse
    RoleGet U AuthRoleGetRequest AuthRoleGetResponse
    RoleList U AuthRoleListRequest AuthRoleListResponse
    RoleDelete U AuthRoleDeleteRequest AuthRoleDeleteResponse
    RoleGrantPermission U AuthRoleGrantPermissionRequest AuthRoleGrantPermissionResponse
    RoleRevokePermission U AuthRoleRevokePermissionRequest AuthRoleRevokePermissionResponse`,
  'v3lockpb.Lock': `
    Lock U LockRequest LockResponse
    Unlock U UnlockRequest UnlockResponse`,
  'v3electionpb.Election': `
    Campaign U CampaignRequest CampaignResponse
    Proclaim U ProclaimRequest ProclaimResponse
    Leader U LeaderRequest LeaderResponse
    Observe SS LeaderRequest LeaderResponse
    Resign U ResignRequest ResignResponse`,
  'grpc.health.v1.Health': `
    Check U HealthCheckRequest HealthCheckResponse
    List U HealthListRequest HealthListResponse
    Watch SS HealthCheckRequest HealthCheckResponse`,
  'grpc.reflection.v1.ServerReflection': `
    ServerReflectionInfo BS ServerReflectionRequest ServerReflectionResponse`,
  'grpc.reflection.v1alpha.ServerReflection': `
    ServerReflectionInfo BS ServerReflectionRequest ServerReflectionResponse`,
};

/** Message, then its fields: number, name, type; `*` is repeated, `@` the oneof it belongs to. */
export const fieldTable = `
mvccpb.KeyValue: 1 key bytes; 2 create_revision i64; 3 mod_revision i64; 4 version i64; 5 value bytes; 6 lease i64
mvccpb.Event: 1 type EventType; 2 kv KeyValue; 3 prev_kv KeyValue
authpb.UserAddOptions: 1 no_password bool
authpb.User: 1 name bytes; 2 password bytes; 3 roles str*; 4 options UserAddOptions
authpb.Permission: 1 permType Type; 2 key bytes; 3 range_end bytes
authpb.Role: 1 name bytes; 2 keyPermission Permission*
etcdserverpb.ResponseHeader: 1 cluster_id u64; 2 member_id u64; 3 revision i64; 4 raft_term u64
etcdserverpb.RangeRequest: 1 key bytes; 2 range_end bytes; 3 limit i64; 4 revision i64; 5 sort_order SortOrder; 6 sort_target SortTarget; 7 serializable bool; 8 keys_only bool; 9 count_only bool; 10 min_mod_revision i64; 11 max_mod_revision i64; 12 min_create_revision i64; 13 max_create_revision i64
etcdserverpb.RangeResponse: 1 header ResponseHeader; 2 kvs KeyValue*; 3 more bool; 4 count i64
etcdserverpb.RangeStreamResponse: 1 range_response RangeResponse
etcdserverpb.PutRequest: 1 key bytes; 2 value bytes; 3 lease i64; 4 prev_kv bool; 5 ignore_value bool; 6 ignore_lease bool
etcdserverpb.PutResponse: 1 header ResponseHeader; 2 prev_kv KeyValue
etcdserverpb.DeleteRangeRequest: 1 key bytes; 2 range_end bytes; 3 prev_kv bool
etcdserverpb.DeleteRangeResponse: 1 header ResponseHeader; 2 deleted i64; 3 prev_kvs KeyValue*
etcdserverpb.RequestOp: 1 request_range RangeRequest@request; 2 request_put PutRequest@request; 3 request_delete_range DeleteRangeRequest@request; 4 request_txn TxnRequest@request
etcdserverpb.ResponseOp: 1 response_range RangeResponse@response; 2 response_put PutResponse@response; 3 response_delete_range DeleteRangeResponse@response; 4 response_txn TxnResponse@response
etcdserverpb.Compare: 1 result CompareResult; 2 target CompareTarget; 3 key bytes; 4 version i64@target_union; 5 create_revision i64@target_union; 6 mod_revision i64@target_union; 7 value bytes@target_union; 8 lease i64@target_union; 64 range_end bytes
etcdserverpb.TxnRequest: 1 compare Compare*; 2 success RequestOp*; 3 failure RequestOp*
etcdserverpb.TxnResponse: 1 header ResponseHeader; 2 succeeded bool; 3 responses ResponseOp*
etcdserverpb.CompactionRequest: 1 revision i64; 2 physical bool
etcdserverpb.CompactionResponse: 1 header ResponseHeader
etcdserverpb.WatchRequest: 1 create_request WatchCreateRequest@request_union; 2 cancel_request WatchCancelRequest@request_union; 3 progress_request WatchProgressRequest@request_union
etcdserverpb.WatchCreateRequest: 1 key bytes; 2 range_end bytes; 3 start_revision i64; 4 progress_notify bool; 5 filters FilterType*; 6 prev_kv bool; 7 watch_id i64; 8 fragment bool
etcdserverpb.WatchCancelRequest: 1 watch_id i64
etcdserverpb.WatchProgressRequest:
etcdserverpb.WatchResponse: 1 header ResponseHeader; 2 watch_id i64; 3 created bool; 4 canceled bool; 5 compact_revision i64; 6 cancel_reason str; 7 fragment bool; 11 events Event*
etcdserverpb.LeaseGrantRequest: 1 TTL i64; 2 ID i64
etcdserverpb.LeaseGrantResponse: 1 header ResponseHeader; 2 ID i64; 3 TTL i64; 4 error str
etcdserverpb.LeaseRevokeRequest: 1 ID i64
etcdserverpb.LeaseRevokeResponse: 1 header ResponseHeader
etcdserverpb.LeaseKeepAliveRequest: 1 ID i64
etcdserverpb.LeaseKeepAliveResponse: 1 header ResponseHeader; 2 ID i64; 3 TTL i64
etcdserverpb.LeaseTimeToLiveRequest: 1 ID i64; 2 keys bool
etcdserverpb.LeaseTimeToLiveResponse: 1 header ResponseHeader; 2 ID i64; 3 TTL i64; 4 grantedTTL i64; 5 keys bytes*
etcdserverpb.LeaseLeasesRequest:
etcdserverpb.LeaseStatus: 1 ID i64
etcdserverpb.LeaseLeasesResponse: 1 header ResponseHeader; 2 leases LeaseStatus*
etcdserverpb.LeaseCheckpoint: 1 ID i64; 2 remaining_TTL i64
etcdserverpb.LeaseCheckpointRequest: 1 checkpoints LeaseCheckpoint*
etcdserverpb.LeaseCheckpointResponse: 1 header ResponseHeader
etcdserverpb.Member: 1 ID u64; 2 name str; 3 peerURLs str*; 4 clientURLs str*; 5 isLearner bool
etcdserverpb.MemberAddRequest: 1 peerURLs str*; 2 isLearner bool
etcdserverpb.MemberAddResponse: 1 header ResponseHeader; 2 member Member; 3 members Member*
etcdserverpb.MemberRemoveRequest: 1 ID u64
etcdserverpb.MemberRemoveResponse: 1 header ResponseHeader; 2 members Member*
etcdserverpb.MemberUpdateRequest: 1 ID u64; 2 peerURLs str*
etcdserverpb.MemberUpdateResponse: 1 header ResponseHeader; 2 members Member*
etcdserverpb.MemberListRequest: 1 linearizable bool
etcdserverpb.MemberListResponse: 1 header ResponseHeader; 2 members Member*
etcdserverpb.MemberPromoteRequest: 1 ID u64
etcdserverpb.MemberPromoteResponse: 1 header ResponseHeader; 2 members Member*
etcdserverpb.AlarmRequest: 1 action AlarmAction; 2 memberID u64; 3 alarm AlarmType
etcdserverpb.AlarmMember: 1 memberID u64; 2 alarm AlarmType
etcdserverpb.AlarmResponse: 1 header ResponseHeader; 2 alarms AlarmMember*
etcdserverpb.StatusRequest:
etcdserverpb.StatusResponse: 1 header ResponseHeader; 2 version str; 3 dbSize i64; 4 leader u64; 5 raftIndex u64; 6 raftTerm u64; 7 raftAppliedIndex u64; 8 errors str*; 9 dbSizeInUse i64; 10 isLearner bool; 11 storageVersion str; 12 dbSizeQuota i64; 13 downgradeInfo DowngradeInfo
etcdserverpb.DowngradeInfo: 1 enabled bool; 2 targetVersion str
etcdserverpb.DefragmentRequest:
etcdserverpb.DefragmentResponse: 1 header ResponseHeader
etcdserverpb.HashRequest:
etcdserverpb.HashResponse: 1 header ResponseHeader; 2 hash u32
etcdserverpb.HashKVRequest: 1 revision i64
etcdserverpb.HashKVResponse: 1 header ResponseHeader; 2 hash u32; 3 compact_revision i64; 4 hash_revision i64
etcdserverpb.SnapshotRequest:
etcdserverpb.SnapshotResponse: 1 header ResponseHeader; 2 remaining_bytes u64; 3 blob bytes; 4 version str
etcdserverpb.MoveLeaderRequest: 1 targetID u64
etcdserverpb.MoveLeaderResponse: 1 header ResponseHeader
etcdserverpb.DowngradeRequest: 1 action DowngradeAction; 2 version str
etcdserverpb.DowngradeResponse: 1 header ResponseHeader; 2 version str
etcdserverpb.DowngradeVersionTestRequest: 1 ver str
etcdserverpb.AuthEnableRequest:
etcdserverpb.AuthEnableResponse: 1 header ResponseHeader
etcdserverpb.AuthDisableRequest:
etcdserverpb.AuthDisableResponse: 1 header ResponseHeader
etcdserverpb.AuthStatusRequest:
etcdserverpb.AuthStatusResponse: 1 header ResponseHeader; 2 enabled bool; 3 authRevision u64
etcdserverpb.AuthenticateRequest: 1 name str; 2 password str
etcdserverpb.AuthenticateResponse: 1 header ResponseHeader; 2 token str
etcdserverpb.AuthUserAddRequest: 1 name str; 2 password str; 3 options UserAddOptions; 4 hashedPassword str
etcdserverpb.AuthUserAddResponse: 1 header ResponseHeader
etcdserverpb.AuthUserGetRequest: 1 name str
etcdserverpb.AuthUserGetResponse: 1 header ResponseHeader; 2 roles str*
etcdserverpb.AuthUserListRequest:
etcdserverpb.AuthUserListResponse: 1 header ResponseHeader; 2 users str*
etcdserverpb.AuthUserDeleteRequest: 1 name str
etcdserverpb.AuthUserDeleteResponse: 1 header ResponseHeader
etcdserverpb.AuthUserChangePasswordRequest: 1 name str; 2 password str; 3 hashedPassword str
etcdserverpb.AuthUserChangePasswordResponse: 1 header ResponseHeader
etcdserverpb.AuthUserGrantRoleRequest: 1 user str; 2 role str
etcdserverpb.AuthUserGrantRoleResponse: 1 header ResponseHeader
etcdserverpb.AuthUserRevokeRoleRequest: 1 name str; 2 role str
etcdserverpb.AuthUserRevokeRoleResponse: 1 header ResponseHeader
etcdserverpb.AuthRoleAddRequest: 1 name str
etcdserverpb.AuthRoleAddResponse: 1 header ResponseHeader
etcdserverpb.AuthRoleGetRequest: 1 role str
etcdserverpb.AuthRoleGetResponse: 1 header ResponseHeader; 2 perm Permission*
etcdserverpb.AuthRoleListRequest:
etcdserverpb.AuthRoleListResponse: 1 header ResponseHeader; 2 roles str*
etcdserverpb.AuthRoleDeleteRequest: 1 role str
etcdserverpb.AuthRoleDeleteResponse: 1 header ResponseHeader
etcdserverpb.AuthRoleGrantPermissionRequest: 1 name str; 2 perm Permission
etcdserverpb.AuthRoleGrantPermissionResponse: 1 header ResponseHeader
etcdserverpb.AuthRoleRevokePermissionRequest: 1 role str; 2 key bytes; 3 range_end bytes
etcdserverpb.AuthRoleRevokePermissionResponse: 1 header ResponseHeader
v3lockpb.LockRequest: 1 name bytes; 2 lease i64
v3lockpb.LockResponse: 1 header ResponseHeader; 2 key bytes
v3lockpb.UnlockRequest: 1 key bytes
v3lockpb.UnlockResponse: 1 header ResponseHeader
v3electionpb.CampaignRequest: 1 name bytes; 2 lease i64; 3 value bytes
v3electionpb.CampaignResponse: 1 header ResponseHeader; 2 leader LeaderKey
v3electionpb.LeaderKey: 1 name bytes; 2 key bytes; 3 rev i64; 4 lease i64
v3electionpb.LeaderRequest: 1 name bytes
v3electionpb.LeaderResponse: 1 header ResponseHeader; 2 kv KeyValue
v3electionpb.ResignRequest: 1 leader LeaderKey
v3electionpb.ResignResponse: 1 header ResponseHeader
v3electionpb.ProclaimRequest: 1 leader LeaderKey; 2 value bytes
v3electionpb.ProclaimResponse: 1 header ResponseHeader
grpc.health.v1.HealthCheckRequest: 1 service str
grpc.health.v1.HealthCheckResponse: 1 status ServingStatus
grpc.health.v1.HealthListRequest:
grpc.health.v1.HealthListResponse: 1 statuses HealthListEntry*
grpc.health.v1.HealthListEntry: 1 key str; 2 value HealthCheckResponse
grpc.reflection.v1.ServerReflectionRequest: 1 host str; 3 file_by_filename str@message_request; 4 file_containing_symbol str@message_request; 5 file_containing_extension ExtensionRequest@message_request; 6 all_extension_numbers_of_type str@message_request; 7 list_services str@message_request
grpc.reflection.v1.ExtensionRequest: 1 containing_type str; 2 extension_number int32
grpc.reflection.v1.ServerReflectionResponse: 1 valid_host str; 2 original_request ServerReflectionRequest; 4 file_descriptor_response FileDescriptorResponse@message_response; 5 all_extension_numbers_response ExtensionNumberResponse@message_response; 6 list_services_response ListServiceResponse@message_response; 7 error_response ErrorResponse@message_response
grpc.reflection.v1.FileDescriptorResponse: 1 file_descriptor_proto bytes*
grpc.reflection.v1.ExtensionNumberResponse: 1 base_type_name str; 2 extension_number int32*
grpc.reflection.v1.ListServiceResponse: 1 service ServiceResponse*
grpc.reflection.v1.ServiceResponse: 1 name str
grpc.reflection.v1.ErrorResponse: 1 error_code int32; 2 error_message str
grpc.reflection.v1alpha.ServerReflectionRequest: 1 host str; 3 file_by_filename str@message_request; 4 file_containing_symbol str@message_request; 5 file_containing_extension ExtensionRequest@message_request; 6 all_extension_numbers_of_type str@message_request; 7 list_services str@message_request
grpc.reflection.v1alpha.ExtensionRequest: 1 containing_type str; 2 extension_number int32
grpc.reflection.v1alpha.ServerReflectionResponse: 1 valid_host str; 2 original_request ServerReflectionRequest; 4 file_descriptor_response FileDescriptorResponse@message_response; 5 all_extension_numbers_response ExtensionNumberResponse@message_response; 6 list_services_response ListServiceResponse@message_response; 7 error_response ErrorResponse@message_response
grpc.reflection.v1alpha.FileDescriptorResponse: 1 file_descriptor_proto bytes*
grpc.reflection.v1alpha.ExtensionNumberResponse: 1 base_type_name str; 2 extension_number int32*
grpc.reflection.v1alpha.ListServiceResponse: 1 service ServiceResponse*
grpc.reflection.v1alpha.ServiceResponse: 1 name str
grpc.reflection.v1alpha.ErrorResponse: 1 error_code int32; 2 error_message str
`;
