import t from 'tap';
import { Code, codeNames, rpcErrorText, statuses, statusOf, statusOfError } from '../../src/etcd/errors.ts';
import { Failure, type RequestReason } from '../../src/util/failure.ts';

/** Codes and texts as clients of etcd compare them, copied from etcd's documentation of its errors, not from the table. */
const known = `
3 etcdserver: key is not provided
3 etcdserver: key not found
3 etcdserver: value is provided
3 etcdserver: lease is provided
3 etcdserver: too many operations in txn request
3 etcdserver: duplicate key given in txn request
3 etcdserver: invalid client api version
3 etcdserver: invalid sort option
3 etcdserver: request is too large
3 etcdserver: given member URLs are invalid
3 etcdserver: user name is empty
3 etcdserver: role name is empty
3 etcdserver: authentication failed, invalid user ID or password
3 etcdserver: permission not given
3 etcdserver: invalid auth management
3 etcdserver: revision of auth store is old
3 etcdserver: wrong downgrade target version format
3 etcdserver: invalid downgrade target version
5 etcdserver: requested lease not found
5 etcdserver: member not found
7 etcdserver: permission denied
8 etcdserver: mvcc: database space exceeded
2 etcdserver: too many requests
9 etcdserver: lease already exists
9 etcdserver: member ID already exist
9 etcdserver: Peer URLs already exists
2 etcdserver: re-configuration failed due to not enough started members
9 etcdserver: can only promote a learner member
9 etcdserver: can only promote a learner member which is in sync with leader
9 etcdserver: too many learner members in cluster
9 etcdserver: cluster ID mismatch
9 etcdserver: root user does not exist
9 etcdserver: root user does not have root role
9 etcdserver: user name already exists
9 etcdserver: user name not found
9 etcdserver: role name already exists
9 etcdserver: role name not found
9 etcdserver: role is not granted to the user
9 etcdserver: permission is not granted to the role
9 etcdserver: authentication is not enabled
9 etcdserver: not leader
9 etcdserver: not capable
9 etcdserver: rpc not supported for learner
9 etcdserver: bad leader transferee
9 etcdserver: cluster version not found during downgrade
9 etcdserver: cluster has a downgrade job in progress
9 etcdserver: no inflight downgrade job
11 etcdserver: mvcc: required revision has been compacted
11 etcdserver: mvcc: required revision is a future revision
11 etcdserver: too large lease TTL
14 etcdserver: no leader
14 etcdserver: leader changed
14 etcdserver: server stopped
14 etcdserver: request timed out
14 etcdserver: request timed out, possibly due to previous leader failure
14 etcdserver: request timed out, possibly due to connection lost
14 etcdserver: request timed out, waiting for the applied index took too long
14 etcdserver: unhealthy cluster
15 etcdserver: corrupt cluster
16 etcdserver: invalid auth token
1 etcdserver: watch canceled
1 etcdserver: request canceled
4 context deadline exceeded
2 auth: authentication failed, password was given for no password user
2 bcrypt: password length exceeds 72 bytes
2 auth: token signing attempted with verify-only key
2 etcdserver: request timed out, leader transfer took too long
2 etcdserver: unknown method
2 not a primary lessor
2 mutex: session is expired
2 election: no leader
2 election: not leader
2 "leader" field must be provided
`
  .trim()
  .split('\n');

t.test('every error text of etcd is in the table with its code, and nothing else is', (t) => {
  const rows = Object.values(statuses).map(({ code, message }) => `${code} ${message}`);
  const ours = ['13 grpc: error unmarshalling request', '12 '];
  t.strictSame([...rows].sort(), [...known, ...ours].sort());
  t.end();
});

t.test('the detail of a failure stays inside: the text is exactly the one clients compare', (t) => {
  const reasons = Object.keys(statuses) as RequestReason[];
  for (const reason of reasons) {
    if (reason === 'malformedRequest' || reason === 'unimplemented') continue;
    t.strictSame(statusOf(new Failure(reason, 'what happened in there')), statuses[reason]);
  }
  t.end();
});

t.test('what etcd has no text for says what it is about', (t) => {
  const malformed = statusOf(new Failure('malformedRequest', 'ends inside a field'));
  t.strictSame(malformed, { code: 13, message: 'grpc: error unmarshalling request: ends inside a field' });
  t.strictSame(statusOf(new Failure('unimplemented', 'no such thing')), {
    code: 12,
    message: 'no such thing',
  });
  t.strictSame(statusOf(new Failure('diskFailed', 'no space left')), {
    code: 13,
    message: 'diskFailed: no space left',
  });
  t.strictSame(statusOfError(new TypeError('x is null')), { code: 13, message: 'internal error: x is null' });
  t.end();
});

t.test('an error inside a text is printed as Go prints it, which is what jetcd and npm etcd3 search', (t) => {
  t.equal(
    rpcErrorText(statuses.permissionDenied),
    'rpc error: code = PermissionDenied desc = etcdserver: permission denied',
  );
  t.equal(
    rpcErrorText(statuses.invalidAuthToken),
    'rpc error: code = Unauthenticated desc = etcdserver: invalid auth token',
  );
  t.equal(
    rpcErrorText(statuses.userNameEmpty),
    'rpc error: code = InvalidArgument desc = etcdserver: user name is empty',
  );
  t.equal(codeNames[Code.Ok], 'OK');
  t.equal(codeNames[Code.Canceled], 'Canceled');
  t.equal(codeNames[Code.DataLoss], 'DataLoss');
  t.equal(codeNames.length, 17);
  t.end();
});
