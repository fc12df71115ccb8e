package registry

// A field is one of the fields a column can be mapped to (access.Profile).
type field int

// The fields that this package reads. Their names are those of the profile.
const (
	fieldNumber field = iota // enrolment_no
	fieldUsername
	fieldAHV
	fieldContract
	fieldPlan
	fieldKind
	fieldTaxCode
	fieldSurname
	fieldName
	fieldSex
	fieldBirthDate
	fieldBirthPlace
	fieldCivilStatus
	fieldLanguage
	fieldStreet
	fieldPostcode
	fieldTown
	fieldProvince
	fieldCountry
	fieldEmail
	fieldPEC
	fieldMobile
	fieldReliable // mobile_reliable
	fieldMobileSource
	fieldMobileChecked
	fieldPhone
	fieldJoinedOn
	fieldJoinKind
	fieldLeftOn
	fieldStatus
	fieldEmployer
	fieldLine
	fieldStrategy
	fieldMailing
	fieldStatement
	fieldActivation // activation_code
	fieldSurvivorOf
	fieldRelation
	fieldRepresentative
	fieldRepresentativeKind
	fieldDeceasedOn
	fieldUpdatedOn
	fieldCount
)

// fieldNames are the profile's names of the fields.
var fieldNames = [fieldCount]string{
	"enrolment_no", "username", "ahv", "contract", "plan",
	"kind", "tax_code", "surname", "name", "sex", "birth_date", "birth_place", "civil_status", "language",
	"street", "postcode", "town", "province", "country",
	"email", "pec", "mobile", "mobile_reliable", "mobile_source", "mobile_checked_on", "phone",
	"joined_on", "join_kind", "left_on", "status", "employer", "line", "strategy", "mailing",
	"statement_on", "activation_code",
	"survivor_of", "relation", "representative", "representative_kind", "deceased_on", "updated_on",
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

// fieldsNamed finds fields by their names.
func fieldsNamed(names []string) (all []field) {
	for _, name := range names {
		all = append(all, fieldNamed(name))
	}
	return all
}
