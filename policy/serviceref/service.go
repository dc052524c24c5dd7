package serviceref

import (
	"iter"
	"slices"

	"github.com/licit-dev/licit/internal/ascii"
	"github.com/licit-dev/licit/internal/sar"
)

// ServiceInfo is what is known of one service. The zero ServiceInfo is no service.
type ServiceInfo struct {
	Prefix string // as actions begin: "s3"
	Name   string // as AWS's pages call it: "Amazon S3"
	RCP    bool   // resource control policies apply to its resources, for certain
}

// Services yields all services, sorted by prefix.
func (r *Reference) Services() iter.Seq[ServiceInfo] {
	return func(yield func(ServiceInfo) bool) {
		b := r.body()
		for i := range b.Services {
			if !yield(r.service(&b.Services[i])) {
				return
			}
		}
	}
}

// Service returns the service with this prefix, in any case.
func (r *Reference) Service(prefix string) (ServiceInfo, bool) {
	b := r.body()
	i, ok := b.service(prefix)
	if !ok {
		return ServiceInfo{}, false
	}
	return r.service(&b.Services[i]), true
}

func (r *Reference) service(s *sar.ServiceRow) ServiceInfo {
	supports, _ := r.SupportsRCP(s.Prefix)
	return ServiceInfo{s.Prefix, s.Name, supports}
}

// ServiceKeys yields the condition keys that a service declares, its own and the global
// ones that its actions and resources support, sorted by name without regard to case.
func (r *Reference) ServiceKeys(prefix string) iter.Seq[KeyInfo] {
	b := r.body()
	i, ok := b.service(prefix)
	if !ok {
		return b.keySet(0)
	}
	return b.keySet(b.Services[i].Keys)
}

func (b *body) service(prefix string) (int, bool) {
	return slices.BinarySearchFunc(b.Services, prefix, func(s sar.ServiceRow, prefix string) int {
		return ascii.Compare(s.Prefix, prefix)
	})
}

func (b *body) keySet(set uint32) iter.Seq[KeyInfo] {
	return func(yield func(KeyInfo) bool) {
		for _, k := range b.Sets[set] {
			if !yield(b.head.keys[k]) {
				return
			}
		}
	}
}
