/** What types and fields of services, endpoints, ingresses and network policies are for. Form: `descriptions.ts`. */

export const networkWords: string = `
# core.v1.Service: One name and address in front of many pods.
# core.v1.ServiceSpec: Which pods a service leads to, by which ports and addresses.
ports: Ports of the service, and where they lead.
selector: Labels of the pods that the service leads to; when not set, somebody else keeps its endpoints.
clusterIP: Address of the service within the cluster; None for a service that has none, chosen by the system when not set.
clusterIPs: Addresses of the service, of which the first equals clusterIP; at most one per IP family.
type: How the service is reached: within the cluster, by ports of nodes, by a load balancer, or as another name; ClusterIP when not set.
externalIPs: Further addresses for which nodes accept traffic of the service; the user has to see that it gets there.
sessionAffinity: Whether requests of one client address go to the same pod; None when not set.
loadBalancerIP: Address that the load balancer is asked for, where the cloud allows it; out of use.
loadBalancerSourceRanges: Ranges of client addresses that the load balancer lets in, where the cloud allows it.
externalName: DNS name that the service stands for, with type ExternalName.
externalTrafficPolicy: Whether traffic from outside goes to pods of any node or only of the node it came to; Cluster when not set.
healthCheckNodePort: Port of nodes that says whether a node has pods of the service; for load balancers with policy Local.
publishNotReadyAddresses: Whether pods count as ready even when they are not, so that they can be found; false when not set.
sessionAffinityConfig: How long requests of one client go to the same pod.
ipFamilies: IP families of the service, IPv4 or IPv6, of which the first cannot be changed; chosen by the system when not set.
ipFamilyPolicy: Whether the service has one IP family, two where there are two, or has to have two; SingleStack when not set.
allocateLoadBalancerNodePorts: Whether a load balancer gets ports of nodes; true when not set.
loadBalancerClass: Which load balancer is to serve; the cloud's own when not set; it cannot be changed.
internalTrafficPolicy: Whether traffic from within goes to pods of any node or only of the same node; Cluster when not set.
trafficDistribution: To which pods traffic rather goes, such as PreferSameZone or PreferSameNode; to all alike when not set.
# core.v1.ServicePort: A port of a service.
name: Name of the port, unique within the service; needed when there are several.
protocol: Protocol of the port; TCP when not set.
appProtocol: What is spoken on the port, such as kubernetes.io/h2c; a hint for implementations.
port: Port of the service.
targetPort: Port of the pods, as a number or by its name; the same as port when not set.
nodePort: Port of nodes that leads to the service; chosen by the system when not set and needed.
# core.v1.SessionAffinityConfig: How requests of one client are kept together.
clientIP: Settings for affinity by the client's address.
# core.v1.ClientIPConfig: How long requests of one client address are kept together.
timeoutSeconds: Seconds for which they are, at most 86400; 10800 when not set.
# core.v1.ServiceStatus: What was last seen of a service.
loadBalancer: State of its load balancer, if it has one.
conditions: Aspects of the state, one of each type.
# core.v1.LoadBalancerStatus: State of a load balancer.
ingress: Where traffic for the service is to be sent.
# core.v1.LoadBalancerIngress: An address of a load balancer.
ip: Address, when it is reached by one.
hostname: DNS name, when it is reached by one.
ipMode: Whether packets arrive with the balancer's address as target (VIP) or with one of a node (Proxy).
ports: State of each port.
# core.v1.PortStatus: State of a port of a load balancer.
port: Number of the port.
protocol: Protocol of the port.
error: What is wrong with it, in one word; not set when all is well.
# core.v1.Endpoints: The addresses behind a service; EndpointSlice came after it.
subsets: Groups of addresses with the same ports.
# core.v1.EndpointSubset: Addresses that all have the same ports.
addresses: Addresses that traffic can be sent to.
notReadyAddresses: Addresses that are not ready.
ports: Ports of the addresses.
# core.v1.EndpointAddress: An address behind a service.
ip: The address; none of the machine itself or of the link.
hostname: Host name of the endpoint.
nodeName: Node of the endpoint.
targetRef: Object that has the address, such as a pod.
# core.v1.EndpointPort: A port of addresses behind a service.
name: Name of the port, as the service has it.
port: Number of the port.
protocol: Protocol of the port; TCP when not set.
appProtocol: What is spoken on the port; a hint for implementations.
# discovery.v1.EndpointSlice: Some of the addresses behind a service; a label names the service.
addressType: Type of all addresses of the slice; it cannot be changed.
endpoints: The endpoints, at most 1000.
ports: Ports that each endpoint has, at most 100; all ports when one has no number.
# discovery.v1.Endpoint: One endpoint of a service.
addresses: Addresses of the endpoint, all for the same thing; users take the first.
conditions: State of the endpoint.
hostname: Host name of the endpoint in DNS, a lowercase label.
targetRef: Object that stands behind the endpoint, such as a pod.
deprecatedTopology: Where the endpoint is, in the form of v1beta1; it cannot be set any more.
nodeName: Node of the endpoint.
zone: Zone of the endpoint.
hints: For whom the endpoint is best.
# discovery.v1.EndpointConditions: State of an endpoint.
ready: Whether traffic should be sent to it; not set means yes.
serving: The same as ready, but also while the endpoint is on its way out.
terminating: Whether the endpoint is on its way out.
# discovery.v1.EndpointHints: For whom an endpoint is best.
forZones: Zones whose clients should use it, at most 8.
forNodes: Nodes whose clients should use it, at most 8.
# discovery.v1.ForNode: A node whose clients should use an endpoint.
name: Name of the node.
# discovery.v1.ForZone: A zone whose clients should use an endpoint.
name: Name of the zone.
# discovery.v1.EndpointPort: A port of the endpoints of a slice.
name: Name of the port, unique within the slice; as the service has it.
protocol: Protocol of the port; TCP when not set.
port: Number of the port; any port when not set.
appProtocol: What is spoken on the port, such as kubernetes.io/h2c; a hint for implementations.
# networking.v1.Ingress: Routes of HTTP from outside to services, by host and path.
# networking.v1.IngressSpec: Where an Ingress sends which requests.
ingressClassName: IngressClass that says which controller serves the Ingress; the default class when not set on creation.
defaultBackend: Where requests go that no rule matches; the controller decides when not set.
tls: Hosts that are served over TLS, with their certificates.
rules: Where requests go by host and path.
# networking.v1.IngressTLS: Hosts that are served over TLS with one certificate.
hosts: Hosts that the certificate is for; the controller decides when not set.
secretName: Secret with the certificate and key for port 443, of the namespace of the Ingress.
# networking.v1.IngressRule: Where requests for one host go.
host: Host name, with *. before it for any one label; every host when not set.
http: Where the requests go by path.
# networking.v1.HTTPIngressRuleValue: Where requests go by path.
paths: Paths and where they lead.
# networking.v1.HTTPIngressPath: A path and where it leads.
path: Path that requests are compared with; it has to begin with a slash for Exact and Prefix.
pathType: How paths are compared: as they are, by their parts from the front, or as the controller likes.
backend: Where the requests go.
# networking.v1.IngressBackend: Where requests go; exactly one of the fields is set.
service: A service of the same namespace.
resource: Another object of the same namespace.
# networking.v1.IngressServiceBackend: A service that requests go to.
name: Name of the service.
port: Port of the service.
# networking.v1.ServiceBackendPort: A port of a service; exactly one of the fields is set.
name: Name of the port.
number: Number of the port.
# networking.v1.IngressStatus: What was last seen of an Ingress.
loadBalancer: State of its load balancer.
# networking.v1.IngressLoadBalancerStatus: State of the load balancer of an Ingress.
ingress: Where traffic is to be sent.
# networking.v1.IngressLoadBalancerIngress: An address of a load balancer.
ip: Address, when it is reached by one.
hostname: DNS name, when it is reached by one.
ports: State of each port.
# networking.v1.IngressPortStatus: State of a port of a load balancer.
port: Number of the port.
protocol: Protocol of the port.
error: What is wrong with it, in one word; not set when all is well.
# networking.v1.IngressClass: Which controller serves an Ingress, and with which settings.
# networking.v1.IngressClassSpec: The controller of a class.
controller: Name of the controller, as domain/path; it cannot be changed.
parameters: Object with further settings for the controller.
# networking.v1.IngressClassParametersReference: Names an object with settings for a controller.
apiGroup: Group of the object's kind; the core group when not set.
kind: Kind of the object.
name: Name of the object.
scope: Whether the object is in a namespace: Cluster or Namespace; Cluster when not set.
namespace: Namespace of the object, with scope Namespace.
# networking.v1.NetworkPolicy: Which traffic pods may have.
# networking.v1.NetworkPolicySpec: Which pods are held to which rules; pods that no policy selects may have all traffic.
podSelector: Selects the pods of the namespace that are held to the policy; all when empty.
ingress: Traffic that may come to the pods: what any rule of any policy allows; none when there is no rule.
egress: Traffic that may leave the pods: what any rule of any policy allows; none when there is no rule.
policyTypes: Directions that the policy is about, Ingress and Egress; when not set, Ingress, and Egress if there are rules for it.
# networking.v1.NetworkPolicyIngressRule: Traffic that may come: to one of the ports and from one of the peers.
ports: Ports of the pods; all when not set.
from: Where the traffic comes from; anywhere when not set.
# networking.v1.NetworkPolicyEgressRule: Traffic that may leave: to one of the ports of one of the peers.
ports: Ports of the peers; all when not set.
to: Where the traffic goes to; anywhere when not set.
# networking.v1.NetworkPolicyPort: A port, or a range of ports.
protocol: Protocol of the port; TCP when not set.
port: Port, as a number or by its name in the pods; all when not set.
endPort: Last port of a range that begins with port, which has to be a number.
# networking.v1.NetworkPolicyPeer: Who traffic comes from or goes to.
podSelector: Selects pods: of the namespaces that namespaceSelector selects, or of the policy's own.
namespaceSelector: Selects namespaces by their labels; all when empty.
ipBlock: A range of addresses; excludes the selectors.
# networking.v1.IPBlock: A range of addresses, without some.
cidr: The range, such as 192.0.2.0/24 or 2001:db8::/64.
except: Ranges within it that are left out.
# networking.v1.IPAddress: An address that a Service has, so that no other gets it; its name is the address.
# networking.v1.IPAddressSpec: Who has an address.
parentRef: Object that has the address.
# networking.v1.ParentReference: Names an object.
group: Group of the object's resource.
resource: Resource of the object, such as services.
namespace: Namespace of the object.
name: Name of the object.
# networking.v1.ServiceCIDR: Ranges from which services get their addresses.
# networking.v1.ServiceCIDRSpec: Ranges from which services get their addresses.
cidrs: One range, or one per IP family; they cannot be changed.
# networking.v1.ServiceCIDRStatus: What was last seen of a ServiceCIDR.
conditions: Aspects of the state, such as Ready.
`;
