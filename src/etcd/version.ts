/**
 * The versions this server answers with. Clients parse them as semantic versions and switch features on them:
 * kube-apiserver asks for progress of watches from 3.5.13 on and for streamed ranges from 3.7 on.
 */

/** The etcd whose behaviour is followed. */
export const etcdVersion = '3.7.1';
/** The smallest minor version of all members. */
export const clusterVersion = '3.7.0';
/** Of the state on disk; follows the cluster's. */
export const storageVersion = '3.7.0';
