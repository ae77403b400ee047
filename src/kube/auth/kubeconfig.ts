/** The file by which kubectl and other clients find a server, trust it and say who they are (`kind: Config`, YAML). */

/**
 * A kubeconfig with one context, `keelson`, for the administrator.
 * @param url of the server, `https://127.0.0.1:6443`
 * @param authority the certificate that is trusted, PEM; null for plain HTTP
 * @param token the bearer token
 */
export function kubeconfigText(url: string, authority: string | null, token: string): string {
  // The client for JavaScript speaks plain HTTP only where it is told that it verifies nobody; to others it is all the same.
  const trust =
    authority === null
      ? 'insecure-skip-tls-verify: true'
      : `certificate-authority-data: ${Buffer.from(authority).toString('base64')}`;
  return `apiVersion: v1
kind: Config
current-context: keelson
clusters:
  - name: keelson
    cluster:
      server: ${url}
      ${trust}
contexts:
  - name: keelson
    context:
      cluster: keelson
      user: admin
users:
  - name: admin
    user:
      token: ${token}
`;
}
