#!/bin/sh
# A request for a certificate, as a person would make it.
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -subj /CN=person 2>/dev/null >request.pem
kubectl create -f - <<Y
apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: {name: person}
spec:
  request: $(base64 -w 0 <request.pem)
  signerName: kubernetes.io/kube-apiserver-client
  usages: [client auth]
Y
