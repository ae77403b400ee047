#!/bin/sh
# What the controller of Deployments leaves behind: a ReplicaSet for each template there was.
uid=$(kubectl get deploy rolled -o jsonpath='{.metadata.uid}')
for revision in 1 2; do
  kubectl create -f - <<Y
apiVersion: apps/v1
kind: ReplicaSet
metadata:
  name: rolled-$revision
  labels: {app: rolled, pod-template-hash: "h$revision"}
  annotations: {deployment.kubernetes.io/revision: "$revision", kubernetes.io/change-cause: "cause $revision"}
  ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: rolled, uid: $uid, controller: true}]
spec:
  replicas: $(($revision * 2 - 2))
  selector: {matchLabels: {app: rolled, pod-template-hash: "h$revision"}}
  template:
    metadata: {labels: {app: rolled, pod-template-hash: "h$revision"}}
    spec: {containers: [{name: main, image: "app:$revision"}]}
Y
done
