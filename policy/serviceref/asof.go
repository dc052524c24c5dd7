package serviceref

import "time"

// AsOf returns the facts as they were on a day, as far as they have dates: the services
// that support RCPs, and what AWS accepts as an SCP. Services, actions and keys are always
// those of [Reference.Date].
func (r *Reference) AsOf(day time.Time) *Reference { return r }

// SCPLimit is the largest size of an SCP, in characters as [policy.Document.Size] counts.
func (r *Reference) SCPLimit() int { return 10240 }

// SCPFullLanguage reports whether SCPs have the full policy language: NotResource, Allow
// with Resource and Condition, wildcards anywhere in action names.
func (r *Reference) SCPFullLanguage() bool { return true }

// RCPSince is the first day on which the service, named in any case, is known to support
// RCPs; ok is false for a service that does not. It may have supported them earlier.
func (r *Reference) RCPSince(service string) (day string, ok bool) { return "", false }

// GlobalRegion returns the region that calls to a global service carry in the partition
// aws, such as us-east-1 for iam, in any case; ok is false for services with regional
// endpoints.
func (r *Reference) GlobalRegion(service string) (region string, ok bool) { return "", false }
