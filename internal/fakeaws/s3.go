package fakeaws

import (
	"crypto/md5"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/licit-dev/licit/org"
)

const s3Namespace = "http://s3.amazonaws.com/doc/2006-03-01/"

func registerS3(s *Server) {
	s.ops["s3:ListBuckets"] = listBuckets
	s.ops["s3:HeadBucket"] = inBucket(func(*call, org.Resource) (response, error) {
		return response{http.StatusOK, header("application/xml"), nil}, nil
	})
	s.ops["s3:GetBucketPolicy"] = inBucket(getBucketPolicy)
	s.ops["s3:GetPublicAccessBlock"] = inBucket(getBucketBlock)
	s.ops["s3:GetBucketTagging"] = inBucket(getBucketTagging)
	s.ops["s3:GetBucketAbac"] = inBucket(getBucketABAC)
	s.ops["s3:GetObjectLockConfiguration"] = inBucket(getObjectLock)
	s.ops["s3:GetBucketLocation"] = inBucket(getBucketLocation)
	s.ops["s3:ListObjectsV2"] = inBucket(listObjects)
	s.ops["s3:GetObject"] = inBucket(getObject)
	s.ops["s3control:GetPublicAccessBlock"] = getAccountBlock
}

// xmlDocument is an answer of S3: one element in its name space.
func xmlDocument(name, namespace string, o object) response {
	b := append([]byte("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"), "<"+name+` xmlns="`+namespace+`">`...)
	b = appendXMLContent(b, o)
	return response{http.StatusOK, header("application/xml"), append(b, "</"+name+">"...)}
}

// s3Time is how S3 writes times.
func s3Time(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// buckets are those of an account, by name.
func buckets(a *org.Account) []org.Resource {
	var list []org.Resource
	for _, r := range a.Resources {
		if r.ARN.Service() == "s3" && r.ARN.Region() == "" && !strings.Contains(r.ARN.Resource(), "/") {
			list = append(list, r)
		}
	}
	return list
}

func (s *Server) bucketRegion(name string) string {
	if region, ok := s.world.Buckets[name]; ok {
		return region
	}
	return "us-east-1"
}

// listBuckets lists the buckets of all Regions. It pages, and tells their Regions, only if
// the request has one of its parameters (S3 API Reference, ListBuckets).
func listBuckets(c *call) (response, error) {
	var list []org.Resource
	for _, r := range buckets(c.account()) {
		region, prefix := c.param("bucket-region"), c.params.Get("prefix")
		if (region == nil || *region == c.s.bucketRegion(r.ARN.Resource())) && strings.HasPrefix(r.ARN.Resource(), prefix) {
			list = append(list, r)
		}
	}
	modern := slices.ContainsFunc([]string{"max-buckets", "continuation-token", "prefix", "bucket-region"}, c.params.Has)
	var next *string
	if modern {
		var err error
		if list, next, err = cut(c, list, c.param("continuation-token"), c.number("max-buckets"), 10000); err != nil {
			return response{}, err
		}
	}
	items := object{}
	for _, r := range list {
		b := object{{name: "Name", tree: r.ARN.Resource()}, {name: "CreationDate", tree: s3Time(joined)}}
		if modern {
			b = append(b, member{name: "BucketRegion", tree: c.s.bucketRegion(r.ARN.Resource())})
		}
		items = append(items, member{name: "Bucket", tree: b})
	}
	o := object{{name: "Owner", tree: object{{name: "ID", tree: c.account().CanonicalID}}}, {name: "Buckets", tree: items}}
	if next != nil {
		o = append(o, member{name: "ContinuationToken", tree: *next})
	}
	return xmlDocument("ListAllMyBucketsResult", s3Namespace, o), nil
}

// inBucket serves an operation of a bucket, in its Region, for the account that owns it.
func inBucket(f func(*call, org.Resource) (response, error)) handler {
	return func(c *call) (response, error) {
		name := c.path[0]
		for _, a := range c.s.world.Organization.Accounts {
			for _, r := range buckets(&a) {
				if r.ARN.Resource() != name {
					continue
				}
				if a.ID != c.Account {
					return response{}, &failure{403, "AccessDenied", "Access Denied"}
				}
				if region := c.s.bucketRegion(name); region != c.Region {
					return response{}, &failure{301, "PermanentRedirect", "The bucket you are attempting to access must be addressed using the specified endpoint: it is in " + region + "."}
				}
				return f(c, r)
			}
		}
		return response{}, &failure{404, "NoSuchBucket", "The specified bucket does not exist"}
	}
}

func getBucketPolicy(_ *call, r org.Resource) (response, error) {
	if r.Policy == nil {
		return response{}, &failure{404, "NoSuchBucketPolicy", "The bucket policy does not exist"}
	}
	return response{http.StatusOK, header("application/json"), r.Policy.Source()}, nil
}

// block is a configuration of Block Public Access. The model has one of its four settings;
// the others follow it.
func block(restrict bool) object {
	o := object{}
	for _, name := range []string{"BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"} {
		o = append(o, member{name: name, tree: restrict})
	}
	return o
}

func noBlock() error {
	return &failure{404, "NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found"}
}

func getBucketBlock(_ *call, r org.Resource) (response, error) {
	if !r.BlockPublicAccess {
		return response{}, noBlock()
	}
	return xmlDocument("PublicAccessBlockConfiguration", s3Namespace, block(true)), nil
}

// getObjectLock tells that of the trails that write to the bucket.
func getObjectLock(c *call, r org.Resource) (response, error) {
	for _, t := range c.s.world.Trails {
		if t.Bucket != r.ARN.Resource() || t.Storage == nil || t.Storage.Lock == nil || !t.Storage.Lock.Enabled {
			continue
		}
		l := t.Storage.Lock
		o := object{{name: "ObjectLockEnabled", tree: "Enabled"}}
		if l.Mode != "" {
			retention := object{{name: "Mode", tree: l.Mode}}
			for _, unit := range []struct {
				name string
				n    int
			}{{"Days", l.Days}, {"Years", l.Years}} {
				if unit.n > 0 {
					retention = append(retention, member{name: unit.name, tree: strconv.Itoa(unit.n)})
				}
			}
			o = append(o, member{name: "Rule", tree: object{{name: "DefaultRetention", tree: retention}}})
		}
		return xmlDocument("ObjectLockConfiguration", s3Namespace, o), nil
	}
	return response{}, &failure{404, "ObjectLockConfigurationNotFoundError", "Object Lock configuration does not exist for this bucket"}
}

func getAccountBlock(c *call) (response, error) {
	if id := c.request.Header.Get("X-Amz-Account-Id"); id != c.Account {
		return response{}, &failure{403, "AccessDenied", "Access Denied"}
	}
	if !c.account().BlockPublicAccess {
		return response{}, noBlock()
	}
	return xmlDocument("PublicAccessBlockConfiguration", "http://awss3control.amazonaws.com/doc/2018-08-20/", block(true)), nil
}

func getBucketTagging(_ *call, r org.Resource) (response, error) {
	if len(r.Tags) == 0 {
		return response{}, &failure{404, "NoSuchTagSet", "The TagSet does not exist"}
	}
	set := object{}
	for k, v := range sorted(r.Tags) {
		set = append(set, member{name: "Tag", tree: object{{name: "Key", tree: k}, {name: "Value", tree: v}}})
	}
	return xmlDocument("Tagging", s3Namespace, object{{name: "TagSet", tree: set}}), nil
}

func getBucketABAC(_ *call, r org.Resource) (response, error) {
	status := "Disabled"
	if r.ABAC {
		status = "Enabled"
	}
	return xmlDocument("AbacStatus", s3Namespace, object{{name: "Status", tree: status}}), nil
}

// getBucketLocation has no text for us-east-1 (S3 API Reference, GetBucketLocation).
func getBucketLocation(c *call, _ org.Resource) (response, error) {
	region := c.s.bucketRegion(c.path[0])
	if region == "us-east-1" {
		region = ""
	}
	b := []byte("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + `<LocationConstraint xmlns="` + s3Namespace + `">`)
	return response{http.StatusOK, header("application/xml"), append(appendXMLText(b, region), "</LocationConstraint>"...)}, nil
}

// objects are those of a bucket, by key.
func (s *Server) objects(bucket, prefix, after string) []Object {
	var list []Object
	for _, o := range s.world.Objects {
		if o.Bucket == bucket && strings.HasPrefix(o.Key, prefix) && o.Key > after {
			list = append(list, o)
		}
	}
	slices.SortFunc(list, func(a, b Object) int { return strings.Compare(a.Key, b.Key) })
	return list
}

func etag(o Object) string {
	sum := md5.Sum(o.Body)
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

// An entry of a listing is an object, or what keys have in common up to a delimiter.
type entry struct {
	object Object
	common string
}

func listObjects(c *call, _ org.Resource) (response, error) {
	prefix, delimiter := c.params.Get("prefix"), c.params.Get("delimiter")
	var list []entry
	for _, o := range c.s.objects(c.path[0], prefix, c.params.Get("start-after")) {
		i := strings.Index(o.Key[len(prefix):], delimiter)
		if delimiter == "" || i < 0 {
			list = append(list, entry{object: o})
			continue
		}
		common := o.Key[:len(prefix)+i+len(delimiter)]
		if n := len(list); n == 0 || list[n-1].common != common {
			list = append(list, entry{common: common})
		}
	}
	page, next, err := cut(c, list, c.param("continuation-token"), c.number("max-keys"), 1000)
	if err != nil {
		return response{}, err
	}
	out := object{
		{name: "Name", tree: c.path[0]}, {name: "Prefix", tree: prefix}, {name: "KeyCount", tree: int64(len(page))},
		{name: "MaxKeys", tree: int64(1000)}, {name: "IsTruncated", tree: next != nil},
	}
	if next != nil {
		out = append(out, member{name: "NextContinuationToken", tree: *next})
	}
	for _, e := range page {
		if e.common != "" {
			out = append(out, member{name: "CommonPrefixes", tree: object{{name: "Prefix", tree: e.common}}})
			continue
		}
		out = append(out, member{name: "Contents", tree: object{
			{name: "Key", tree: e.object.Key}, {name: "LastModified", tree: s3Time(e.object.Modified)}, {name: "ETag", tree: etag(e.object)},
			{name: "Size", tree: int64(len(e.object.Body))}, {name: "StorageClass", tree: "STANDARD"},
		}})
	}
	return xmlDocument("ListBucketResult", s3Namespace, out), nil
}

func getObject(c *call, _ org.Resource) (response, error) {
	key := strings.Join(c.path[1:], "/")
	for _, o := range c.s.world.Objects {
		if o.Bucket != c.path[0] || o.Key != key {
			continue
		}
		h := header("binary/octet-stream")
		h.Set("Last-Modified", o.Modified.UTC().Format(http.TimeFormat))
		h.Set("ETag", etag(o))
		h.Set("Content-Length", strconv.Itoa(len(o.Body)))
		for name, value := range o.Metadata {
			h.Set("X-Amz-Meta-"+name, value)
		}
		return response{http.StatusOK, h, o.Body}, nil
	}
	return response{}, &failure{404, "NoSuchKey", "The specified key does not exist."}
}
