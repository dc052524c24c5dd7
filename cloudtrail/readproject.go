package cloudtrail

// The members of records, as a scanner reads them. A member that is there twice is left to
// strict: the bits of seen are those of the members that were there.

// fields is how many members are strings that come again: each has a number of its own, which
// textOf is called with.
const fields = 38

func (s *scanner) root(e *Event) bool {
	if !s.begin() {
		return false
	}
	resources := 0
	var seen uint32
	for first := true; ; first = false {
		name, ok := s.next(first)
		if !ok {
			return false
		}
		if name == nil {
			// Before what is required is looked at.
			s.settle(e, resources)
			return true
		}
		var bit uint32
		switch string(name) {
		case "eventID":
			bit, ok = 1<<0, s.onceOf(&e.ID)
		case "sharedEventID":
			bit, ok = 1<<1, s.onceOf(&e.SharedID)
		case "requestID":
			bit, ok = 1<<2, s.onceOf(&e.RequestID)
		case "eventTime":
			bit, ok = 1<<3, s.timeOf(&e.Time)
		case "eventSource":
			bit, ok = 1<<4, s.textOf(&e.Source, 0)
		case "eventName":
			bit, ok = 1<<5, s.textOf(&e.Name, 1)
		case "awsRegion":
			bit, ok = 1<<6, s.textOf(&e.Region, 2)
		case "recipientAccountId":
			bit, ok = 1<<7, s.textOf(&e.Account, 3)
		case "eventType":
			bit, ok = 1<<8, s.textOf(&e.Type, 4)
		case "eventCategory":
			bit, ok = 1<<9, s.textOf(&e.Category, 5)
		case "readOnly":
			bit, ok = 1<<10, s.flagOf(&e.ReadOnly)
		case "userIdentity":
			bit, ok = 1<<11, s.identityOf(&e.Identity)
		case "sourceIPAddress":
			bit, ok = 1<<12, s.textOf(&e.SourceIP, 6)
		case "userAgent":
			bit, ok = 1<<13, s.textOf(&e.UserAgent, 7)
		case "errorCode":
			bit, ok = 1<<14, s.textOf(&e.ErrorCode, 8)
		case "errorMessage":
			bit, ok = 1<<15, s.onceOf(&e.ErrorMessage)
		case "resources":
			bit = 1 << 16
			resources, ok = s.resourcesOf()
		case "vpcEndpointId":
			bit, ok = 1<<17, s.textOf(&e.VPCEndpoint, 9)
		case "vpcEndpointAccountId":
			bit, ok = 1<<18, s.textOf(&e.VPCEndpointAccount, 10)
		case "tlsDetails":
			bit, ok = 1<<19, s.oneOf("tlsVersion", &e.TLSVersion, 35)
		case "addendum":
			bit, ok = 1<<20, s.oneOf("reason", &e.Addendum, 36)
		case "sessionCredentialFromConsole":
			bit, ok = 1<<21, s.flagOf(&e.FromConsole)
		case "requestParameters":
			bit, ok = 1<<22, s.valueOf(&e.Parameters)
		case "responseElements":
			bit, ok = 1<<23, s.valueOf(&e.Response)
		case "additionalEventData":
			bit, ok = 1<<24, s.valueOf(&e.Additional)
		case "serviceEventDetails":
			bit, ok = 1<<25, s.valueOf(&e.Service)
		case "eventContext":
			bit, ok = 1<<26, s.valueOf(&e.Context)
		case "Records", "Events", "logEvents", "events", "Messages", "records":
			return false // it may hold events of its own
		default:
			ok = s.skip()
		}
		if !ok || seen&bit != 0 {
			return false
		}
		seen |= bit
	}
}

// members reads the members of an object, or null. one says which a member is, by a bit of its own; 0:
// one that is skipped.
func (s *scanner) members(one func(name []byte) (bit uint32, ok bool)) bool {
	if !s.begin() {
		return s.null()
	}
	var seen uint32
	for first := true; ; first = false {
		name, ok := s.next(first)
		if !ok || name == nil {
			return ok
		}
		bit, ok := one(name)
		if !ok || seen&bit != 0 {
			return false
		}
		seen |= bit
	}
}

// oneOf reads one member of an object, or null.
func (s *scanner) oneOf(member string, to *string, field int) bool {
	return s.members(func(name []byte) (bit uint32, ok bool) {
		if string(name) == member {
			return 1, s.textOf(to, field)
		}
		return 0, s.skip()
	})
}

func (s *scanner) identityOf(i *Identity) bool {
	return s.members(func(name []byte) (bit uint32, ok bool) {
		switch string(name) {
		case "type":
			bit, ok = 1<<0, s.textOf(&i.Type, 12)
		case "principalId":
			bit, ok = 1<<1, s.textOf(&i.PrincipalID, 13)
		case "arn":
			bit, ok = 1<<2, s.textOf(&i.ARN, 14)
		case "accountId":
			bit, ok = 1<<3, s.textOf(&i.AccountID, 15)
		case "accessKeyId":
			bit, ok = 1<<4, s.textOf(&i.AccessKey, 16)
		case "userName":
			bit, ok = 1<<5, s.textOf(&i.UserName, 17)
		case "invokedBy":
			bit, ok = 1<<6, s.textOf(&i.InvokedBy, 18)
		case "identityProvider":
			bit, ok = 1<<7, s.textOf(&i.IdentityProvider, 19)
		case "credentialId":
			bit, ok = 1<<8, s.textOf(&i.CredentialID, 20)
		case "sessionContext":
			bit, ok = 1<<9, s.sessionOf(i)
		case "onBehalfOf":
			bit, ok = 1<<10, s.personOf(&i.OnBehalfOf)
		default:
			ok = s.skip()
		}
		return bit, ok
	})
}

func (s *scanner) personOf(p *Person) bool {
	return s.members(func(name []byte) (bit uint32, ok bool) {
		switch string(name) {
		case "userId":
			bit, ok = 1<<0, s.textOf(&p.UserID, 21)
		case "identityStoreArn":
			bit, ok = 1<<1, s.textOf(&p.IdentityStoreARN, 22)
		default:
			ok = s.skip()
		}
		return bit, ok
	})
}

func (s *scanner) sessionOf(i *Identity) bool {
	return s.members(func(name []byte) (bit uint32, ok bool) {
		switch string(name) {
		case "sourceIdentity":
			bit, ok = 1<<0, s.textOf(&i.SourceIdentity, 23)
		case "ec2RoleDelivery":
			bit, ok = 1<<1, s.textOf(&i.EC2Role, 24)
		case "assumedRoot":
			bit, ok = 1<<2, s.flagOf(&i.AssumedRoot)
		case "sessionIssuer":
			bit, ok = 1<<3, s.issuerOf(&i.Issuer)
		case "webIdFederationData":
			bit, ok = 1<<4, s.oneOf("federatedProvider", &i.Provider, 37)
		case "attributes":
			bit, ok = 1<<5, s.attributesOf(i)
		default:
			ok = s.skip()
		}
		return bit, ok
	})
}

func (s *scanner) issuerOf(i *Issuer) bool {
	return s.members(func(name []byte) (bit uint32, ok bool) {
		switch string(name) {
		case "type":
			bit, ok = 1<<0, s.textOf(&i.Type, 25)
		case "principalId":
			bit, ok = 1<<1, s.textOf(&i.PrincipalID, 26)
		case "arn":
			bit, ok = 1<<2, s.textOf(&i.ARN, 27)
		case "accountId":
			bit, ok = 1<<3, s.textOf(&i.AccountID, 28)
		case "userName":
			bit, ok = 1<<4, s.textOf(&i.UserName, 29)
		default:
			ok = s.skip()
		}
		return bit, ok
	})
}

func (s *scanner) attributesOf(i *Identity) bool {
	return s.members(func(name []byte) (bit uint32, ok bool) {
		switch string(name) {
		case "mfaAuthenticated":
			bit, ok = 1<<0, s.textOf(&i.MFA, 30)
		case "creationDate":
			bit, ok = 1<<1, s.timeOf(&i.SessionCreated)
		default:
			ok = s.skip()
		}
		return bit, ok
	})
}

// resourcesOf reads an array of resources, or null, and returns how many there are. More than
// there is room for are left to strict.
func (s *scanner) resourcesOf() (n int, ok bool) {
	if s.at() != '[' {
		return 0, s.null()
	}
	s.i++
	if s.at() == ']' {
		s.i++
		return 0, true
	}
	for {
		if n == len(s.resources) || !s.resourceOf(&s.resources[n]) {
			return 0, false
		}
		n++
		switch s.at() {
		case ']':
			s.i++
			return n, true
		case ',':
			s.i++
		default:
			return 0, false
		}
	}
}

func (s *scanner) resourceOf(r *Resource) bool {
	return s.members(func(name []byte) (bit uint32, ok bool) {
		switch string(name) {
		case "ARN":
			bit, ok = 1<<0, s.textOf(&r.ARN, 31)
		case "ARNPrefix":
			if s.at() != '"' || s.i+1 < len(s.text) && s.text[s.i+1] == '"' {
				return 0, false
			}
			bit, ok = 1<<0, s.textOf(&r.ARN, 32) // with an ARN beside it, strict decides
			r.Prefix = true
		case "accountId":
			bit, ok = 1<<1, s.textOf(&r.AccountID, 33)
		case "type":
			bit, ok = 1<<2, s.textOf(&r.Type, 34)
		default:
			ok = s.skip()
		}
		return bit, ok
	})
}
