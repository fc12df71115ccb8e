package registry

// A field is one of the fields a column can be mapped to (access.Profile).
type field int

// The fields that this package reads. Their names are those of the profile.
const (
	fieldNumber field = iota // enrolment_no
	fieldUsername
	fieldAHV
	fieldContract
	fieldTaxCode
	fieldSurname
	fieldName
	fieldSex
	fieldBirthDate
	fieldBirthPlace
	fieldLanguage
	fieldStreet
	fieldPostcode
	fieldTown
	fieldProvince
	fieldCountry
	fieldEmail
	fieldMobile
	fieldPhone
	fieldJoinedOn
	fieldJoinKind
	fieldLeftOn
	fieldStatus
	fieldEmployer
	fieldLine
	fieldMailing
	fieldRepresentative
	fieldDeceasedOn
	fieldUpdatedOn
	fieldCount
)

// fieldNames are the profile's names of the fields.
var fieldNames = [fieldCount]string{
	"enrolment_no", "username", "ahv", "contract",
	"tax_code", "surname", "name", "sex", "birth_date", "birth_place", "language",
	"street", "postcode", "town", "province", "country",
	"email", "mobile", "phone",
	"joined_on", "join_kind", "left_on", "status", "employer", "line", "mailing",
	"representative", "deceased_on", "updated_on",
}

// fieldNamed finds a field by its name; the profile was checked to have no other.
func fieldNamed(name string) field {
	for f, n := range fieldNames {
		if n == name {
			return field(f)
		}
	}
	return -1
}
