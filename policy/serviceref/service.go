package serviceref

import "iter"

// ServiceInfo is what is known of one service. The zero ServiceInfo is no service.
type ServiceInfo struct {
	Prefix string // as actions begin: "s3"
	Name   string // as AWS's pages call it: "Amazon S3"
	RCP    bool   // resource control policies apply to its resources
}

// Services yields all services, sorted by prefix.
func (r *Reference) Services() iter.Seq[ServiceInfo] { return func(func(ServiceInfo) bool) {} }

// Service returns the service with this prefix, in any case.
func (r *Reference) Service(prefix string) (ServiceInfo, bool) { return ServiceInfo{}, false }

// ServiceKeys yields the condition keys that a service declares, its own and the global
// ones that its actions and resources support, sorted by name without regard to case.
func (r *Reference) ServiceKeys(prefix string) iter.Seq[KeyInfo] { return func(func(KeyInfo) bool) {} }
