//! The fields of a row that are read: properties of the list in its three shapes, and columns of a
//! report. A new one is a line here that says which column of the charge it is, or its use in
//! [`super::row`].
//!
//! A name is looked up once; then the field is found by its position in the row. What has a shape
//! of its own is read elsewhere: the meter and the tags of the list, the tags of a report.

use crate::billing::column::Column;

/// Declares a kind of fields: of each its name, the property of the list, the columns of a report,
/// in lower case without separators, and the column of the charge that it is by itself.
macro_rules! fields {
    (
        $(#[$doc:meta])*
        $kind:ident {
            $($field:ident: $property:literal, [$($name:literal),*] $(=> $column:ident)?;)+
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum $kind {
            $($field,)+
        }

        impl $kind {
            /// The number of fields.
            pub(super) const COUNT: usize = [$(Self::$field),+].len();

            /// The fields that a column of the charge is by itself.
            pub(super) const COLUMNS: &[(Self, Column)] =
                &[$($((Self::$field, Column::$column),)?)+];

            /// Returns the field for a property of the list.
            pub(super) fn of_property(name: &str) -> Option<Self> {
                match name {
                    $($property => Some(Self::$field),)+
                    _ => None,
                }
            }

            /// Returns the field for a column of a report.
            pub(super) fn of_column(name: &str) -> Option<Self> {
                match name {
                    $($($name => Some(Self::$field),)*)+
                    _ => None,
                }
            }
        }
    };
}

fields! {
    /// A field that is an amount. Its number is its position in a row.
    AmountField {
        Cost: "cost", ["cost"];
        PretaxCost: "pretaxCost", ["pretaxcost"];
        CostInBillingCurrency: "costInBillingCurrency", ["costinbillingcurrency"];
        Quantity: "quantity", ["quantity"];
        UsageQuantity: "usageQuantity", ["usagequantity"];
        EffectivePrice: "effectivePrice", ["effectiveprice"];
        UnitPrice: "unitPrice", ["unitprice"];
        PayGPrice: "payGPrice", ["paygprice"] => ListPrice;
    }
}

fields! {
    /// A field that is a text. Its number is its position in a row.
    TextField {
        Currency: "currency", ["currency"];
        BillingCurrency: "billingCurrency", ["billingcurrency"];
        BillingCurrencyCode: "billingCurrencyCode", ["billingcurrencycode"];
        Date: "date", ["date", "usagedatetime", "usagedate"];
        UsageStart: "usageStart", [];
        ResourceId: "resourceId", ["resourceid"];
        InstanceId: "instanceId", ["instanceid"];
        ResourceName: "resourceName", ["resourcename"];
        InstanceName: "instanceName", ["instancename"];
        ResourceLocation: "resourceLocation", ["resourcelocation"];
        InstanceLocation: "instanceLocation", ["instancelocation"];
        Location: "location", ["location"];
        ResourceGroup: "resourceGroup", ["resourcegroup", "resourcegroupname"];
        SubscriptionId: "subscriptionId", ["subscriptionid"];
        SubscriptionGuid: "subscriptionGuid", ["subscriptionguid"];
        ChargeType: "chargeType", ["chargetype"];
        PublisherType: "publisherType", ["publishertype"] => PublisherType;
        PricingModel: "pricingModel", ["pricingmodel"] => PricingModel;
        UnitOfMeasure: "unitOfMeasure", ["unitofmeasure"];
        SubscriptionName: "subscriptionName", ["subscriptionname"] => SubscriptionName;
        DepartmentName: "departmentName", ["departmentname"];
        InvoiceSection: "invoiceSection", ["invoicesection"];
        InvoiceSectionName: "invoiceSectionName", ["invoicesectionname"];
        AccountName: "accountName", ["accountname"] => Account;
        CostCenter: "costCenter", ["costcenter"] => CostCenter;
        ConsumedService: "consumedService", ["consumedservice"];
        MeterCategory: "meterCategory", ["metercategory"];
        MeterSubCategory: "meterSubCategory", ["metersubcategory"];
        MeterName: "meterName", ["metername"];
        MeterId: "meterId", ["meterid"] => MeterId;
        Product: "product", ["product", "productname"];
        ProductOrderId: "productOrderId", ["productorderid"];
        ReservationId: "reservationId", ["reservationid"];
        ReservationName: "reservationName", ["reservationname"];
        BenefitId: "benefitId", ["benefitid"];
        BenefitName: "benefitName", ["benefitname"];
        Frequency: "frequency", ["frequency"] => Frequency;
        Term: "term", ["term"] => Term;
        CreditEligible: "isAzureCreditEligible", ["isazurecrediteligible"];
        BillingAccountId: "billingAccountId", ["billingaccountid"];
        BillingPeriodStart: "billingPeriodStartDate", ["billingperiodstartdate"];
    }
}
